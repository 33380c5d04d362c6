"""Set-wise reads for the API: each answers for many at once, and says itself whose rows it may see."""
