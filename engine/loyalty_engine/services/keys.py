"""The text of an API key: made from randomness, told apart from a mistyped one, compared by its hash."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256

PREFIX = "loy"
SECRET_BYTES = 20
"""160 random bits, which nobody guesses."""

_KEY_ID_BYTES = 10
_CHECKSUM_BYTES = 5
_FORM = re.compile(r"loy_(live|test)_([a-z2-7]{16})_([a-z2-7]{32})_([a-z2-7]{8})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as its holder has it: `loy_<environment>_<id>_<secret>_<checksum>`; only its hash is kept."""

    environment: str
    key_id: str
    text: str

    @property
    def hash(self) -> bytes:
        """What is kept at rest; 160 random bits need no slow hash."""
        return sha256(self.text.encode()).digest()

    def __repr__(self) -> str:
        """Names the key without its secret, so that no log can hold it."""
        return f"ApiKey(environment={self.environment!r}, key_id={self.key_id!r})"


def new_key(environment: str) -> ApiKey:
    """A key that nobody has yet; the environment is `live` or `test`."""
    key_id = _letters(secrets.token_bytes(_KEY_ID_BYTES))
    body = f"{PREFIX}_{environment}_{key_id}_{_letters(secrets.token_bytes(SECRET_BYTES))}"
    return ApiKey(environment, key_id, f"{body}_{_checksum(body)}")


def parse_key(text: str) -> ApiKey | None:
    """The key that the text is, or None where its form or checksum shows that no database need be asked."""
    found = _FORM.fullmatch(text)
    if found is None or not hmac.compare_digest(_checksum(text.rpartition("_")[0]), found[4]):
        return None
    return ApiKey(found[1], found[2], text)


def is_key(key: ApiKey, key_hash: bytes) -> bool:
    """Whether the hash at rest is this key's, in a time that does not tell how much of it agrees."""
    return hmac.compare_digest(key.hash, key_hash)


def _checksum(body: str) -> str:
    return _letters(sha256(body.encode()).digest()[:_CHECKSUM_BYTES])


def _letters(octets: bytes) -> str:
    """Lower-case letters and digits that are read aloud and typed without mistakes (RFC 4648 base 32)."""
    return base64.b32encode(octets).decode().lower()
