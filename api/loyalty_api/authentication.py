"""Who asks: from the key in the Authorization header to the caller of use cases."""

from datetime import datetime

import asyncpg

from loyalty_engine.services.engine import Caller, Engine
from loyalty_engine.services.keys import ApiKey, is_key, parse_key
from loyalty_schema.errors import ErrorCode, RequestError

SCHEME = "bearer "


def key_of(header: str | None) -> ApiKey:
    """The key in the header, well formed; raises UNAUTHENTICATED before any database is asked."""
    if header is None or not header.lower().startswith(SCHEME):
        raise RequestError(ErrorCode.UNAUTHENTICATED, "Send a key as Authorization: Bearer KEY.")
    key = parse_key(header[len(SCHEME) :].strip())
    if key is None:
        raise _refused()
    return key


async def authenticated(engine: Engine, key: ApiKey) -> Caller:
    """The caller whose key it is.

    Unknown, mistaken, revoked and expired keys get one answer, so that it tells nothing about them.
    """
    row = await engine.database.authenticate(key.key_id)
    if row is None or not is_key(key, row["key_hash"]) or not _valid(row, key, engine.clock.now()):
        raise _refused()
    return Caller(
        business_id=row["business_id"],
        credential_id=row["credential_id"],
        kind=row["kind"],
        scopes=frozenset(row["scopes"]),
        sources=None if row["sources"] is None else frozenset(row["sources"]),
        partner_id=row["partner_id"],
    )


def _valid(row: asyncpg.Record, key: ApiKey, now: datetime) -> bool:
    if row["revoked_at"] is not None or row["environment"] != key.environment:
        return False
    return row["expires_at"] is None or bool(now < row["expires_at"])


def _refused() -> RequestError:
    return RequestError(ErrorCode.UNAUTHENTICATED, "The key is not valid.")
