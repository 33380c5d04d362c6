"""The database: how it comes to be, how it is reached, and statements on it."""
