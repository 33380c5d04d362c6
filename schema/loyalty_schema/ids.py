"""Global ids: the type and the id of an object as one opaque text."""

import base64
import binascii
from uuid import UUID

from strawberry import ID


def global_id(type_name: str, key: UUID) -> ID:
    """The global id of an object."""
    return ID(base64.b64encode(f"{type_name}:{key}".encode()).decode())


def parsed_id(written: str) -> tuple[str, UUID] | None:
    """The type and the id that a global id names, or None when it is none."""
    try:
        type_name, _, key = base64.b64decode(written, validate=True).decode("ascii").partition(":")
        return type_name, UUID(key)
    except (binascii.Error, UnicodeError, ValueError):
        return None


NOBODY = UUID(int=0)
"""An id that no object has; stands in for one that cannot be read, so that both are answered alike."""


def id_of(type_name: str, written: str) -> UUID:
    """The id in a global id of that type, else NOBODY."""
    parsed = parsed_id(written)
    return parsed[1] if parsed is not None and parsed[0] == type_name else NOBODY
