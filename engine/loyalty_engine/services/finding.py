"""Finding the members that commands name, many at once; what a partner may not see is not found."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

from loyalty_engine.services import checks
from loyalty_engine.services.commands import MemberBy
from loyalty_engine.services.engine import Caller, Engine
from loyalty_engine.services.refusals import Refusal, RefusalCode, Refused, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.facts import partner_ids
from loyalty_engine.store.members import members_by_external_id, members_by_id, members_by_identity

LONGEST_PARTNER = 64
NOT_FOUND = Refusal(RefusalCode.NOT_FOUND, "member-not-found", {}, ("member",))


def identity_hash(engine: Engine, business_id: UUID, kind: str, value: str) -> bytes:
    """The keyed hash under which an identity is known: normalised, bound to the business and the kind."""
    message = b"\x00".join((business_id.bytes, kind.encode(), _normal(value).encode()))
    return hmac.new(engine.secret_key, message, sha256).digest()


def _normal(value: str) -> str:
    """One form for all ways to write an identity; that of the form is itself."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def checked_identity(kind: str, value: str, *path: str) -> tuple[str, str]:
    """An identity within its bounds, in the one form for all ways to write it."""
    return checks.text(kind, *path, "kind", longest=64), _normal(checks.text(value, *path, "value"))


async def named_partners(
    connection: Connection, caller: Caller, names: Iterable[str | None]
) -> dict[str, UUID]:
    """The partners among the names that the caller may know of: to a partner there is itself alone.

    A name that no partner can have is left to the check of its item.
    """
    possible = set()
    for name in names:
        with suppress(Refused):
            possible.add(checks.optional_text(name, "partner", longest=LONGEST_PARTNER))
    known = await partner_ids(connection, caller.business_id, [name for name in possible if name is not None])
    return {name: key for name, key in known.items() if caller.partner_id in (None, key)}


def checked_partner(name: str | None, partners: Mapping[str, UUID]) -> tuple[str | None, UUID | None]:
    """The key and the id of a partner that may be named."""
    cleaned = checks.optional_text(name, "partner", longest=LONGEST_PARTNER)
    if cleaned is None:
        return None, None
    if cleaned not in partners:
        raise invalid("partner-unknown", "partner", partner=cleaned)
    return cleaned, partners[cleaned]


def checked_member(by: MemberBy, path: str = "member") -> MemberBy:
    """A member named in exactly one way, by the field that is told where it is not."""
    given = [value for value in (by.id, by.external_id, by.identity) if value is not None]
    if len(given) != 1:
        raise invalid("member-named-once", path)
    if by.external_id is not None:
        return MemberBy(external_id=checks.text(by.external_id, path, "externalId"))
    if by.identity is not None:
        return MemberBy(identity=checked_identity(*by.identity, path, "identity"))
    return by


async def found_members(
    connection: Connection, engine: Engine, caller: Caller, wanted: Sequence[MemberBy]
) -> dict[MemberBy, UUID]:
    """The ids of those that exist and that the caller may see."""
    business_id, partner_id = caller.business_id, caller.partner_id
    found: dict[MemberBy, UUID] = {}
    if ids := [by.id for by in wanted if by.id is not None]:
        for key, member_id in (await members_by_id(connection, business_id, partner_id, ids)).items():
            found[MemberBy(id=key)] = member_id
    if external := [by.external_id for by in wanted if by.external_id is not None]:
        rows = await members_by_external_id(connection, business_id, partner_id, external)
        found.update({MemberBy(external_id=key): member_id for key, member_id in rows.items()})
    if identities := [by.identity for by in wanted if by.identity is not None]:
        hashed = {
            identity: (identity[0], identity_hash(engine, business_id, *identity)) for identity in identities
        }
        known = await members_by_identity(connection, business_id, partner_id, list(set(hashed.values())))
        for identity, digest in hashed.items():
            if digest in known:
                found[MemberBy(identity=identity)] = known[digest]
    return found


def member_not_found(path: str = "member") -> Refused:
    """The one answer for unknown, foreign and invisible members."""
    return Refused(replace(NOT_FOUND, path=(path,)))
