"""Credentials: API keys that are shown once, with what their holders may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty_engine.entities.business import CREDENTIAL_KINDS
from loyalty_engine.ids import new_id
from loyalty_engine.services.checks import source, text
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.keys import ApiKey, new_key
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.credentials import CredentialRow, credential_rows, insert_credential, revoke_key
from loyalty_engine.store.publishing import partners_by_key

READING = frozenset(
    {"members:read", "activities:read", "points:read", "program:read", "partners:read", "rewards:read"}
)
REWARDING = frozenset({"rewards:write", "redemptions:write"})
APPLYING = frozenset({"applications:read", "applications:write"})
SCOPES = READING | {
    "members:write",
    "profiles:read",
    "activities:write",
    "program:write",
    "credentials:write",
    "clock:write",
    "points:spend",
    "points:adjust",
    *REWARDING,
    "settlements:write",
    "members:erase",
    "memberships:write",
    "standings:write",
    "applications:read",
    "applications:write",
    "applications:decide",
    "votes:cast",
    "members:merge",
}
"""All that a credential may be allowed."""

DEFAULT_SCOPES: Mapping[str, frozenset[str]] = {
    "owner": SCOPES,
    "staff": READING
    | {"members:write", "profiles:read", "activities:write", "points:spend"}
    | REWARDING
    | APPLYING,
    "till": READING - {"partners:read"}
    | {"members:write", "activities:write", "points:spend", "redemptions:write"},
    "frontend": READING - {"partners:read"},
    "partner": READING - {"rewards:read"} | {"activities:write"},
    "read_only": READING,
    "test": SCOPES,
}
"""What each kind of credential may do where nothing else is said."""

FURTHER_SCOPES: Mapping[str, frozenset[str]] = {
    "staff": SCOPES - {"credentials:write"},
    "frontend": APPLYING | {"profiles:read", "votes:cast"},
    "read_only": frozenset({"profiles:read", "applications:read"}),
}
"""What a kind of credential may do besides where it is asked for by name."""

SOURCES_MAX = 100


@dataclass(frozen=True, slots=True)
class CreateCredential:
    """Make a key; scopes left out are those of the kind, sources left out are any."""

    kind: str
    name: str
    scopes: frozenset[str] | None = None
    sources: frozenset[str] | None = None
    partner: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CredentialCreated:
    """A key was made; its text is known here and never again."""

    credential_id: UUID
    key: ApiKey
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class CredentialRevoked:
    """The key is refused since this instant."""

    credential_id: UUID
    revoked_at: datetime


def operator(business_id: UUID) -> Caller:
    """The operator at the command line, who may do everything in a business."""
    return Caller(business_id, None, "operator", SCOPES)


async def create_credential(
    engine: Engine, caller: Caller, wanted: CreateCredential
) -> CredentialCreated | Refusal:
    """Makes a key of the caller's business; its environment is `test` exactly in a sandbox."""

    async def work(connection: Connection) -> CredentialCreated:
        business = await engine.business(connection, caller.business_id)
        return await add_credential(connection, business, wanted)

    try:
        return await engine.database.write(caller.business_id, work)
    except Refused as refused:
        return refused.refusal


async def list_credentials(engine: Engine, caller: Caller) -> list[CredentialRow]:
    """All credentials of the caller's business, revoked and expired ones included, the oldest first."""
    async with engine.database.reading(caller.business_id) as connection:
        return await credential_rows(connection, caller.business_id)


async def revoke_credential(engine: Engine, caller: Caller, key_id: str) -> CredentialRevoked | Refusal:
    """Ends a key for ever; revoking it again changes nothing."""

    async def work(connection: Connection) -> CredentialRevoked | Refusal:
        business = await engine.business(connection, caller.business_id)
        revoked = await revoke_key(connection, caller.business_id, key_id, engine.clock.now())
        if revoked is None:
            return Refusal(
                RefusalCode.NOT_FOUND, "credential-not-found", {"key": key_id, "business": business.row.slug}
            )
        return CredentialRevoked(*revoked)

    return await engine.database.write(caller.business_id, work)


async def add_credential(
    connection: Connection, business: Business, wanted: CreateCredential
) -> CredentialCreated:
    """Writes a key into the open transaction; raises Refused for what a key cannot be."""
    now = business.clock.now()
    scopes = _checked(wanted, business, now)
    partner_id = await _partner_id(connection, business, wanted)
    key, credential_id = new_key("test" if business.row.sandbox else "live"), new_id()
    row: dict[str, Any] = {
        "business_id": business.business_id,
        "credential_id": credential_id,
        "kind": wanted.kind,
        "name": text(wanted.name, "name"),
        "key_id": key.key_id,
        "key_hash": key.hash,
        "environment": key.environment,
        "scopes": sorted(scopes),
        "sources": _sources(wanted),
        "partner_id": partner_id,
        "expires_at": wanted.expires_at,
        "created_at": now,
    }
    await insert_credential(connection, row)
    return CredentialCreated(credential_id, key, scopes)


def _checked(wanted: CreateCredential, business: Business, now: datetime) -> frozenset[str]:
    """The scopes that the key will have."""
    if wanted.kind not in CREDENTIAL_KINDS:
        raise invalid("credential-kind-unknown", "kind", kind=wanted.kind, known=", ".join(CREDENTIAL_KINDS))
    if wanted.kind == "test" and not business.row.sandbox:
        raise invalid("credential-test-needs-sandbox", "kind")
    if (wanted.kind == "partner") != (wanted.partner is not None):
        raise invalid("credential-partner-of-its-kind", "partner")
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise invalid("credential-expired-at-once", "expiresAt")
    return _scopes(wanted)


def _scopes(wanted: CreateCredential) -> frozenset[str]:
    """What was asked for, never more than the kind allows."""
    allowed = DEFAULT_SCOPES[wanted.kind] | FURTHER_SCOPES.get(wanted.kind, frozenset())
    scopes = DEFAULT_SCOPES[wanted.kind] if wanted.scopes is None else wanted.scopes
    for scope in sorted(scopes - allowed):
        word = "credential-scope-unknown" if scope not in SCOPES else "credential-scope-not-of-kind"
        raise invalid(word, "scopes", scope=scope, kind=wanted.kind, known=", ".join(sorted(allowed)))
    return frozenset(scopes)


def _sources(wanted: CreateCredential) -> list[str] | None:
    """The sources in the form in which activities will name them."""
    if wanted.sources is None:
        return None
    if len(wanted.sources) > SOURCES_MAX:
        raise invalid("too-many", "sources", most=str(SOURCES_MAX))
    return sorted({source(each, "sources") for each in wanted.sources})


async def _partner_id(connection: Connection, business: Business, wanted: CreateCredential) -> UUID | None:
    if wanted.partner is None:
        return None
    found = await partners_by_key(connection, business.business_id, [wanted.partner])
    if wanted.partner not in found:
        raise invalid("partner-unknown", "partner", partner=wanted.partner)
    return found[wanted.partner]
