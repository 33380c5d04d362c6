"""Cursors: the sort values of a row, signed for one business and one list, so that none can be made up."""

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from loyalty_schema.errors import ErrorCode, RequestError

_SIGNATURE_BYTES = 16
_LONGEST = 2000


class Cursors:
    """Writes and reads the cursors of one business."""

    def __init__(self, secret_key: bytes, business_id: UUID) -> None:
        self._key = hmac.digest(secret_key, b"cursor" + business_id.bytes, "sha256")

    def write(self, listed: str, values: Sequence[object]) -> str:
        """The cursor of a row in a list; ``listed`` names the list and its order."""
        body = json.dumps([_plain(value) for value in values], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._signature(listed, body) + body).decode().rstrip("=")

    def read(self, listed: str, cursor: str) -> tuple[object, ...]:
        """The values in a cursor of that list; raises INVALID_CURSOR for any other text."""
        if len(cursor) <= _LONGEST:
            padded = cursor + "=" * (-len(cursor) % 4)
            try:
                octets = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
            except (binascii.Error, UnicodeError, ValueError):
                octets = b""
            signature, body = octets[:_SIGNATURE_BYTES], octets[_SIGNATURE_BYTES:]
            if hmac.compare_digest(signature, self._signature(listed, body)):
                return tuple(_value(*part) for part in json.loads(body))
        raise RequestError(ErrorCode.INVALID_CURSOR, "The cursor is not one of this list.")

    def _signature(self, listed: str, body: bytes) -> bytes:
        return hmac.new(self._key, listed.encode() + b"\0" + body, sha256).digest()[:_SIGNATURE_BYTES]


def _plain(value: object) -> list[object]:
    match value:
        case bool() | int() | str():
            return ["", value]
        case datetime():
            return ["at", value.isoformat()]
        case UUID():
            return ["id", str(value)]
    raise TypeError(f"{type(value).__name__} is no sort value")


def _value(kind: str, written: Any) -> object:
    match kind:
        case "at":
            return datetime.fromisoformat(written)
        case "id":
            return UUID(written)
    return written
