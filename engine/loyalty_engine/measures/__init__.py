"""Measures as grouped SQL: day buckets of figures for many members at once, and what trees make of them."""

from loyalty_engine.measures.buckets import Bucket, Wanted, buckets, buckets_since
from loyalty_engine.measures.earned import earned_by_fact
from loyalty_engine.measures.supported import Condition, Enough, Reaches, Read, supported

__all__ = [
    "Bucket",
    "Condition",
    "Enough",
    "Reaches",
    "Read",
    "Wanted",
    "buckets",
    "buckets_since",
    "earned_by_fact",
    "supported",
]
