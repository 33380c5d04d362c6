"""Paying some of a purchase with points, at the rate that the program declares."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal

from loyalty_engine.ledger.amounts import EXACT, from_smallest_units
from loyalty_engine.program.file import PointsSection
from loyalty_engine.rating import Moved
from loyalty_engine.services import checks
from loyalty_engine.services.activities import already_recorded, refuse_sources
from loyalty_engine.services.commands import Paid, PayWithPoints
from loyalty_engine.services.deciding import Decided, Deciding
from loyalty_engine.services.engine import Business, Caller, Engine
from loyalty_engine.services.operations import once
from loyalty_engine.services.points import points_section, units_of
from loyalty_engine.services.refusals import Refusal, Refused, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.facts import known_facts

CENT = Decimal("0.01")


async def pay_with_points(engine: Engine, caller: Caller, key: str, command: PayWithPoints) -> Paid | Refusal:
    """Redeem points for money off a purchase; the till takes that off what the member pays.

    So many points pay their worth, rounded down to the cent; so much money costs the fewest points that are
    worth it. Refused with INSUFFICIENT_POINTS, ALREADY_EXISTS for what was paid before, or INVALID_INPUT
    where the program's points pay nothing.
    """

    async def work(connection: Connection, business: Business, _now: datetime) -> Paid:
        natural = (checks.source(command.source, "source"), checks.text(command.external_id, "externalId"))
        deciding = Deciding(engine, caller, connection, business)
        (member,) = await deciding.lock(member=command.member)
        known = await known_facts(connection, business.business_id, [natural])
        if natural in known:
            raise Refused(already_recorded(known[natural].fact_id, *natural))
        section = points_section(deciding.program, command.currency)
        units, amount = _price(section, command)
        await deciding.spendable(member, section, units)
        (recorded,) = await deciding.record(
            Decided(
                member,
                "redemption",
                Moved(section.key, -units),
                attributes={"paid": format(amount, "f"), "currency": business.row.currency},
                natural=natural,
            )
        )
        points = from_smallest_units(units, section.decimals)
        return Paid(recorded.fact_id, member.member_id, section.key, points, amount, recorded.effect_ids)

    refuse_sources(caller, [command.source])
    return await once(engine, caller, key, "payWithPoints", command, work)


def _price(section: PointsSection, command: PayWithPoints) -> tuple[int, Decimal]:
    """The points in smallest units, and what they pay."""
    if not section.tender:
        raise invalid("points-pay-nothing", "currency", currency=section.key)
    if (command.points is None) == (command.amount is None):
        raise invalid("pay-points-or-amount", "points")
    if command.points is not None:
        units = units_of(section, command.points, "points")
        worth = EXACT.multiply(from_smallest_units(units, section.decimals), section.tender)
        paid = worth.quantize(CENT, rounding=ROUND_DOWN, context=EXACT)
        if not paid:
            raise invalid("points-worth-nothing", "points", rate=format(section.tender.normalize(), "f"))
        return units, paid
    amount = checks.amount(command.amount, "amount")
    if amount is None or amount <= 0:
        raise invalid("pay-points-or-amount", "amount")
    needed = EXACT.divide(amount, section.tender)
    smallest = EXACT.power(Decimal(10), -section.decimals)
    return units_of(
        section, needed.quantize(smallest, rounding=ROUND_CEILING, context=EXACT), "amount"
    ), amount
