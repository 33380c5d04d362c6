"""Verification: every kept number is rebuilt from the entries, and every stored decision replayed.

It reads only, chunk by chunk in snapshots that nobody waits for, so it may run while others write.
"""

from loyalty_engine.services.verification.run import Difference, Verified, all_checks, verify_business

__all__ = ["Difference", "Verified", "all_checks", "verify_business"]
