"""The core of the loyalty engine: pure rating on one side, PostgreSQL on the other, services between."""
