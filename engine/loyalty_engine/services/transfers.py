"""Sending points to another member: one activity in each history, posted together."""

from __future__ import annotations

from datetime import datetime

from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.ledger.wallet import Wallet
from loyalty_engine.rating import Moved, Portion
from loyalty_engine.services import checks
from loyalty_engine.services.commands import TransferPoints, Transferred
from loyalty_engine.services.deciding import Decided, Deciding
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.operations import once
from loyalty_engine.services.points import points_section, units_of
from loyalty_engine.services.refusals import Refusal, invalid
from loyalty_engine.store.connection import Connection

TRIED = EffectKey(Cause("activity", "tried"), "", "tried")


async def transfer_points(
    engine: Engine, caller: Caller, key: str, command: TransferPoints
) -> Transferred | Refusal:
    """Send points to another member, who gets them with the ends that they have.

    Refused with NOT_FOUND, INSUFFICIENT_POINTS or INVALID_INPUT.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> Transferred:
        deciding = Deciding(engine, caller, connection, business)
        sender, receiver = await deciding.lock(sender=command.sender, receiver=command.receiver)
        if sender.member_id == receiver.member_id:
            raise invalid("transfer-to-oneself", "receiver")
        section = points_section(deciding.program, command.points.currency, "points", "currency")
        units = units_of(section, command.points.amount, "points", "amount")
        wallet = await deciding.spendable(sender, section, units, "points", "currency")
        reason = checks.optional_text(command.reason, "reason", longest=500)
        sent = Decided(sender, "transfer", Moved(section.key, -units), reason=reason)
        received = Decided(
            receiver,
            "receipt",
            Moved(section.key, units, lots=portions(wallet, deciding.instant(sender), units)),
            about=(sent.fact_id, sent.natural_key),
            reason=reason,
        )
        first, second = await deciding.record(sent, received)
        return Transferred(
            first.fact_id, second.fact_id, sender.member_id, receiver.member_id, first.effect_ids
        )

    return await once(engine, caller, key, "transferPoints", command, work)


def portions(wallet: Wallet, at: datetime, units: int) -> tuple[Portion, ...]:
    """What a spending of so many units would use: with whose funding, and until when."""
    tried = wallet.copy()
    tried.spend(TRIED, (at, "", ""), units)
    return tuple(
        Portion(used, tried.lots[lot].expires_at, tried.lots[lot].funding)
        for lot, used in tried.spendings[TRIED].parts.items()
        if lot is not None
    )
