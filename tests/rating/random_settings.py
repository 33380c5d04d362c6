"""How properties are tried: at random on a desk, always the same examples in continuous integration."""

import os

from hypothesis import settings

PROPERTY = settings(
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    print_blob=True,
    max_examples=200,
)
HISTORIES = settings(PROPERTY, max_examples=100)
"""For properties of whole histories, which take longer each."""
