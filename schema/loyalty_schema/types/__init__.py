"""The output types, one module for each subject; each object wraps one row or one compiled value."""
