"""Pure ledger arithmetic: lots, expiry dates, rounding, and the difference that is posted."""
