"""Credentials as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from loyalty_engine.entities import Credential, Partner
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.rows import insert_rows
from loyalty_engine.store.statement import Statement
from loyalty_engine.store.tables import columns, table


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """A credential without its hash; `partner` is the key of the partner that it acts for."""

    credential_id: UUID
    kind: str
    name: str
    key_id: str
    environment: str
    scopes: tuple[str, ...]
    sources: tuple[str, ...] | None
    partner: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime


_credential, _partner = columns(Credential), columns(Partner)

_LIST = Statement(
    select(
        *(_credential[name] for name in CredentialRow.__slots__ if name != "partner"),
        _partner.key.label("partner"),
    )
    .select_from(
        table(Credential).outerjoin(
            table(Partner),
            (_partner.business_id == _credential.business_id)
            & (_partner.partner_id == _credential.partner_id),
        )
    )
    .where(_credential.business_id == bindparam("business_id"))
    .order_by(_credential.created_at, _credential.credential_id)
)
_REVOKE = Statement(
    update(table(Credential))
    .where(
        _credential.business_id == bindparam("business"),
        _credential.key_id == bindparam("key"),
    )
    .values(
        revoked_at=func.coalesce(_credential.revoked_at, bindparam("at", type_=_credential.revoked_at.type))
    )
    .returning(_credential.credential_id, _credential.revoked_at)
)


async def insert_credential(connection: Connection, row: Mapping[str, Any]) -> None:
    """Writes one credential."""
    await insert_rows(connection, Credential, [row])


async def credential_rows(connection: Connection, business_id: UUID) -> list[CredentialRow]:
    """All credentials of a business, the oldest first."""
    return [_row(dict(record)) for record in await _LIST.fetch(connection, business_id=business_id)]


async def revoke_key(
    connection: Connection, business_id: UUID, key_id: str, at: datetime
) -> tuple[UUID, datetime] | None:
    """The credential and since when it is revoked, which an earlier revocation decides; None if unknown."""
    record = await _REVOKE.fetchrow(connection, business=business_id, key=key_id, at=at)
    return None if record is None else (record["credential_id"], record["revoked_at"])


def _row(values: dict[str, Any]) -> CredentialRow:
    sources = values["sources"]
    values["scopes"] = tuple(values["scopes"])
    values["sources"] = None if sources is None else tuple(sources)
    return CredentialRow(**values)
