"""Stored decisions, decided again from the figures that they were made on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import asyncpg

from loyalty_engine.localtime import local_day
from loyalty_engine.rating import ProgramVersion
from loyalty_engine.rating.carried import ABSORPTION
from loyalty_engine.rating.explain import Ruling, kept_tier, supported_tier
from loyalty_engine.rating.facts import CLOSING
from loyalty_engine.rating.ladders import follows
from loyalty_engine.services.checks import OWN_SOURCE
from loyalty_engine.services.verification.checks import UNREADABLE, Chunk
from loyalty_engine.store.members import MemberRow
from loyalty_engine.store.verification.promises import Broken
from loyalty_engine.store.verification.rows import claim_rows, standing_rows


class Rulings:
    """A change of standing follows from its own figures, by the program version that decided it."""

    name = "rulings"
    says = "a stored decision, made again from its figures, gives the same tier"

    async def first(self, chunk: Chunk) -> Broken | None:
        """The first change of standing that its figures do not make."""
        versions = {version.id: version for version in chunk.rulebook.versions}
        claims = await claim_rows(chunk.connection, chunk.business_id, chunk.ids)
        for row in await standing_rows(chunk.connection, chunk.business_id, chunk.ids):
            if row["from_tier"] is None:
                continue
            version, member = versions.get(row["program_version_id"]), chunk.members[row["member_id"]]
            what = f"decision of standing {row['standing_id']} on {row['ladder']}"
            if version is None:
                return Broken(member.member_id, what, "decided", "by no published version")
            by_hand = row["ruling"].get("by_hand")
            if by_hand is not None:
                if not (_left(version, row, by_hand) or _made_by_hand(row, by_hand, claims)):
                    stored = f"{row['from_tier']} to {row['to_tier']}"
                    return Broken(member.member_id, what, stored, f"no {by_hand} of that tier was made then")
                continue
            try:
                supported, kept = _supported(version, member, row)
                holds = _holds(version, row, supported, kept, claims)
            except UNREADABLE as error:
                return Broken(member.member_id, what, row["to_tier"], f"cannot be decided: {error!r}")
            if not holds:
                stored = f"{row['from_tier']} to {row['to_tier']}"
                return Broken(member.member_id, what, stored, f"its figures support {supported}")
        return None


def _supported(version: ProgramVersion, member: MemberRow, row: asyncpg.Record) -> tuple[str, str]:
    """The tier that entry supports, and the one that keeping does."""
    stored = row["ruling"]
    ruling = Ruling(
        {key: Decimal(value) for key, value in stored["figures"].items()},
        stored["opinions"],
        local_day(row["effective_at"], version.program.zone),
        stored["at_boundary"],
        member.joined_on,
    )
    policy = version.program.ladder(row["ladder"])
    return supported_tier(version.program, policy, ruling), kept_tier(version.program, policy, ruling)


def _holds(
    version: ProgramVersion,
    row: asyncpg.Record,
    supported: str,
    kept: str,
    claims: Sequence[asyncpg.Record],
) -> bool:
    policy = version.program.ladder(row["ladder"])
    at = row["effective_at"]
    known = [claim for claim in _of_ladder(row, claims) if claim["from_at"] <= at]
    claimed = {claim["tier"] for claim in known if claim["until_at"] is None or claim["until_at"] > at}
    if row["is_boundary"] and at == version.effective_at:
        # By the plan of the version, not by figures; in a pause also by claims whose end had come.
        return row["to_tier"] in {policy.ladder.base, *(claim["tier"] for claim in known)}
    if follows(policy, row["from_tier"], row["to_tier"], supported, kept, claimed):
        return True
    if _is_of_a_merge(row):
        return row["to_tier"] in claimed
    locks = (claim for claim in known if claim["locked"])
    lock_mattered = any(claim["until_at"] is None or claim["until_at"] >= at for claim in locks)
    return lock_mattered and row["to_tier"] in claimed


def _is_of_a_merge(row: asyncpg.Record) -> bool:
    """Whether claims were brought by a merge, which the figures of a change do not make."""
    return bool(row["source"] == OWN_SOURCE and row["external_id"].startswith(f"{ABSORPTION}/"))


def _left(version: ProgramVersion, row: asyncpg.Record, by_hand: str) -> bool:
    """Whether the member left, and stands on the base tier since."""
    is_closing = row["source"] == OWN_SOURCE and row["external_id"].startswith(f"{CLOSING}/")
    base = version.program.ladder(row["ladder"]).ladder.base
    return bool(by_hand == CLOSING and is_closing and row["to_tier"] == base)


def _made_by_hand(row: asyncpg.Record, origin: str, claims: Iterable[asyncpg.Record]) -> bool:
    """Whether the cause of a change made such a claim on the tier that it leads to."""
    names = ("cause_kind", "cause_key")
    return any(
        (claim["tier"], claim["origin"]) == (row["to_tier"], origin)
        and all(claim[name] == row[name] for name in names)
        for claim in _of_ladder(row, claims)
    )


def _of_ladder(row: asyncpg.Record, claims: Iterable[asyncpg.Record]) -> Iterable[asyncpg.Record]:
    return (
        claim
        for claim in claims
        if (claim["member_id"], claim["ladder"]) == (row["member_id"], row["ladder"])
    )
