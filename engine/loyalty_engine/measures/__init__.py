"""Measures as grouped SQL: day buckets of figures for many members at once."""

from loyalty_engine.measures.buckets import Bucket, Wanted, buckets, buckets_since

__all__ = ["Bucket", "Wanted", "buckets", "buckets_since"]
