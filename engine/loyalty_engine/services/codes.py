"""Codes of coupons: random, typed without mistakes, and kept as a keyed hash alone (BEHAVIOUR L33)."""

from __future__ import annotations

import hmac
import re
import secrets
from hashlib import sha256
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter in it looks like another one, or like a digit."""

SYMBOLS = 20
"""A hundred random bits."""

FEWEST_SYMBOLS = 16
"""What a code of one's own has at least: as many as eighty random bits take."""

_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_FORM = re.compile(r"[0-9A-Z]{1,64}")


def new_code() -> str:
    """A code that nobody guesses, in groups of five."""
    symbols = "".join(secrets.choice(ALPHABET) for _ in range(SYMBOLS))
    return "-".join(symbols[begin : begin + 5] for begin in range(0, SYMBOLS, 5))


def normal_code(written: str) -> str | None:
    """One form for all ways to write a code; None for what no code can be."""
    if len(written) > 100:
        return None
    code = written.strip().upper().translate(_ALIKE)
    return code if _FORM.fullmatch(code) else None


def code_hash(secret_key: bytes, business_id: UUID, code: str) -> bytes:
    """What is kept of a code in its one form, bound to the business; without the key nobody can try codes."""
    return hmac.new(secret_key, b"coupon\x00" + business_id.bytes + code.encode(), sha256).digest()
