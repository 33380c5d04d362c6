"""The statements of a verification: each finds the first row that breaks a promise."""
