"""Use cases, one module each; every write is one transaction."""
