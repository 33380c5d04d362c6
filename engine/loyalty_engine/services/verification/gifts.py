"""What one history causes in another is a gift there, and every gift has its cause."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.rating.wallets import gift_of
from loyalty_engine.services.causing import gift_name
from loyalty_engine.services.verification.checks import Chunk
from loyalty_engine.store.verification.promises import Broken
from loyalty_engine.store.verification.rows import caused_rows, erased_among, gift_rows


class Gifts:
    """Gifts stand exactly while their causes do; those of members who are erased stay as they were."""

    name = "gifts"
    says = "what is caused in another history is a gift there, of as many points, and every gift is caused"

    async def first(self, chunk: Chunk) -> Broken | None:
        """The first cause of members without its gift, else the first gift of members without a cause."""
        return await _without_gift(chunk) or await _without_cause(chunk)


async def _without_gift(chunk: Chunk) -> Broken | None:
    caused = await caused_rows(chunk.connection, chunk.business_id, chunk.ids)
    about = [row["activity_id"] for row in caused if row["activity_id"] is not None]
    given: dict[str, list[asyncpg.Record]] = {}
    for row in await gift_rows(chunk.connection, chunk.business_id, (), about):
        given.setdefault(_name_of(row), []).append(row)
    names = [gift_of(row["slot"])[1] for row in caused]
    erased = await erased_among(chunk.connection, chunk.business_id, names)
    for row in caused:
        currency, to = gift_of(row["slot"])
        if to in erased:
            continue
        gifts = [gift for gift in given.get(_name(row), ()) if gift["about_fact_id"] == row["activity_id"]]
        stored = _said([_points(gift) for gift in gifts])
        rebuilt = _said([(row["units"], currency, to)] if row["units"] else [])
        if stored != rebuilt:
            what = f"gift of rule {row['rule']} for {row['cause_kind']} {row['cause_key']}"
            return Broken(row["member_id"], what, stored, rebuilt)
    return None


async def _without_cause(chunk: Chunk) -> Broken | None:
    gifts = await gift_rows(chunk.connection, chunk.business_id, chunk.ids)
    about = [row["about_fact_id"] for row in gifts]
    caused = await caused_rows(chunk.connection, chunk.business_id, (), about)
    causes = {(_name(row), row["activity_id"]) for row in caused if row["units"]}
    for row in gifts:
        if not row["is_erased"] and (_name_of(row), row["about_fact_id"]) not in causes:
            what = f"gift {row['external_id']}"
            return Broken(row["member_id"], what, _said([_points(row)]), "nothing causes it")
    return None


def _name(row: asyncpg.Record) -> str:
    """What the gifts of a cause are called."""
    return gift_name(EffectKey(Cause(row["cause_kind"], row["cause_key"]), row["rule"], row["slot"]))


def _name_of(gift: asyncpg.Record) -> str:
    """What a gift is called, without its number."""
    name: str = gift["external_id"].rpartition("/")[0]
    return name


def _points(gift: asyncpg.Record) -> tuple[int, str, str]:
    return gift["points"], gift["points_currency"], gift["member"]


def _said(gifts: Sequence[tuple[int, str, str]]) -> str:
    return ", ".join(f"{units} {currency} to {to}" for units, currency, to in gifts) or "nothing"
