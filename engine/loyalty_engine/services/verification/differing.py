"""What of a member's stored rows a refold would change, in words: what, stored, rebuilt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime

from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.rating import Claim, Outcome, Rulebook, State
from loyalty_engine.rating.ladders import needed
from loyalty_engine.rating.tallies import Tallies
from loyalty_engine.services.histories import History
from loyalty_engine.services.posting import Row, Rows

Differing = tuple[str, str, str]
"""What, as stored, as rebuilt."""

ClaimKey = tuple[str, str, datetime | None, Cause]
"""Ladder, tier, end and cause."""

NOTHING = "nothing"


def first_failure(rows: Rows, history: History) -> Differing | None:
    """The first rule that fails now and did not, or the other way round, because that decides all else."""
    for row in rows.parked:
        cause = Cause(row["cause_kind"], row["cause_key"])
        known = history.stored.parked.get((cause, row["rule"]))
        return (
            f"rule {row['rule']} at {cause.kind} {cause.key}",
            "did not fail" if known is None else f"failed: {known.error}",
            f"fails: {row['error']}" if row["resolved_at"] is None else "does not fail",
        )
    return None


def first_effect(rows: Rows, history: History) -> Differing | None:
    """The earliest of the effects that a refold would post; all else follows from them."""
    ordered = sorted(rows.effects, key=lambda row: (row["effective_at"], row["cause_key"], row["slot"]))
    for row in ordered:
        known = history.posted.effects.get(_key(row))
        before = 0 if known is None else known["value"]
        return (f"effect {_said(_key(row))}", str(before), str(before + row["value"]))
    return None


def first_row(rows: Rows, history: History, outcome: Outcome) -> Differing | None:
    """The first of the other rows that a refold would write."""
    for found in (
        _lots(rows.wallets.lots, history, outcome),
        _uses(rows.wallets.uses, history),
        _holds(rows.wallets.holds, history, outcome),
        _figures(rows.claim_figures.values(), history),
        _current_standings(rows.current_standings, history),
        _counters(rows.counters, history),
        _member(rows.members, history),
    ):
        for each in found:
            return each
    return _anything_else(rows)


def _lots(rows: Iterable[Row], history: History, outcome: Outcome) -> Iterator[Differing]:
    rebuilt = {key: lot for wallet in outcome.state.wallets.values() for key, lot in wallet.lots.items()}
    for row in rows:
        key = _key(row)
        stored = history.stored.wallets.lots.get(key)
        yield _parts(f"lot {_said(key)}", _fields(stored), _fields(rebuilt.get(key)))


def _uses(rows: Iterable[Row], history: History) -> Iterator[Differing]:
    stored = history.stored.wallets
    lots = {lot_id: _said(key) for key, lot_id in stored.lot_ids.items()}
    amounts = {row["point_use_id"]: row["amount"] for row in stored.uses.values()}
    for row in rows:
        of = "without a lot" if row["lot_id"] is None else f"of lot {lots.get(row['lot_id'], row['lot_id'])}"
        before = amounts.get(row["point_use_id"], 0)
        yield (f"use {of} by {_said(_key(row))}", str(before), str(row["amount"]))


def _holds(rows: Iterable[Row], history: History, outcome: Outcome) -> Iterator[Differing]:
    stored = history.stored.wallets
    names = {hold_id: name for name, hold_id in stored.hold_ids.items()}
    rebuilt = {name: hold for wallet in outcome.state.wallets.values() for name, hold in wallet.holds.items()}
    for row in rows:
        name = names.get(row["hold_id"])
        if name is None:
            yield (f"hold {row['hold_id']}", NOTHING, _all(row))
        else:
            what = f"hold of {name[0]} {name[1]}"
            yield _parts(what, _fields(stored.holds[name]), _fields(rebuilt.get(name)))


def _figures(rows: Iterable[Row], history: History) -> Iterator[Differing]:
    for row in rows:
        stored = history.stored.claim_figures.get(row["claim_id"])
        yield (f"figures of claim {row['claim_id']}", str(stored), str(row["figures"]))


def _current_standings(rows: Iterable[Row], history: History) -> Iterator[Differing]:
    for row in rows:
        known = history.stored.standings.get(row["ladder"])
        stored = None if known is None else dict(known)
        yield _parts(f"standing on {row['ladder']}", stored, row)


def _counters(rows: Iterable[Row], history: History) -> Iterator[Differing]:
    for row in rows:
        stored = history.stored.counters.get((row["rule"], row["name"]), 0)
        yield (f"counter {row['name']} of {row['rule']}", str(stored), str(row["used"]))


def _member(rows: Iterable[Row], history: History) -> Iterator[Differing]:
    stored = history.stored.member
    for row in rows:
        yield _parts("where the history stands", {name: getattr(stored, name, None) for name in row}, row)


def _anything_else(rows: Rows) -> Differing | None:
    for each in fields(rows):
        found = getattr(rows, each.name)
        if found and each.name != "wallets":
            return (f"rows of {each.name}", NOTHING, str(found)[:500])
    return None


def first_state(rulebook: Rulebook, stored: State, rebuilt: State) -> Differing | None:
    """What of the state is read from rows that a refold does not write again: claims and figures."""
    for found in (_claims(rulebook, stored, rebuilt), _tallies(stored, rebuilt)):
        for each in found:
            return each
    return None


def _claims(rulebook: Rulebook, stored: State, rebuilt: State) -> Iterator[Differing]:
    before, after = (_in_force(rulebook, state) for state in (stored, rebuilt))
    for key in sorted({*before, *after}, key=str):
        if before.get(key) != after.get(key):
            ladder, tier, until, cause = key
            what = f"claim on {ladder} {tier} until {until or 'for ever'} by {cause.kind} {cause.key}"
            yield _parts(what, _fields(before.get(key)), _fields(after.get(key)))


def _in_force(rulebook: Rulebook, state: State) -> dict[ClaimKey, Claim]:
    """The claims that the next step would find; of two that are one, either."""
    program = rulebook.in_force(state.at).program
    policies = {policy.key: policy for policy in program.ladders}
    found: dict[ClaimKey, Claim] = {}
    for key, ladder in state.ladders.items():
        standing = needed(ladder, policies[key]) if key in policies else ladder
        for claim in standing.claims:
            if claim.until_at is None or claim.until_at > state.at or state.pause is not None:
                found[(key, claim.tier, claim.until_at, claim.cause)] = claim
    return found


def _tallies(stored: State, rebuilt: State) -> Iterator[Differing]:
    yield from _buckets("", stored.tallies, rebuilt.tallies)
    for ladder in sorted({*stored.tallies.cycles, *rebuilt.tallies.cycles}):
        yield from _buckets(
            f" in the cycle of {ladder}", stored.tallies.cycle(ladder), rebuilt.tallies.cycle(ladder)
        )


def _buckets(where: str, stored: Tallies, rebuilt: Tallies) -> Iterator[Differing]:
    before, after = stored.by_day(), rebuilt.by_day()
    for figure, view in sorted({*before, *after}, key=str):
        had, has = before.get((figure, view), {}), after.get((figure, view), {})
        for day in sorted({*had, *has}):
            if had.get(day) != has.get(day):
                name = f"{figure.of}, {view}, on {day}{where}"
                yield (f"figure {name}", str(had.get(day, 0)), str(has.get(day, 0)))


def _key(row: Row) -> EffectKey:
    return EffectKey(Cause(row["cause_kind"], row["cause_key"]), row["rule"], row["slot"])


def _said(key: EffectKey) -> str:
    by = f" by {key.rule}" if key.rule else ""
    return f"{key.slot} of {key.cause.kind} {key.cause.key}{by}"


def _fields(value: object) -> Mapping[str, object] | None:
    if value is None:
        return None
    return {each.name: getattr(value, each.name) for each in fields(value)}  # type: ignore[arg-type]


def _parts(what: str, stored: Mapping[str, object] | None, rebuilt: Mapping[str, object] | None) -> Differing:
    """The parts that differ, or everything where one side is not there."""
    if stored is None or rebuilt is None:
        return (
            what,
            NOTHING if stored is None else _all(stored),
            NOTHING if rebuilt is None else _all(rebuilt),
        )
    names = [name for name in rebuilt if name in stored and stored[name] != rebuilt[name]]
    return (
        what,
        ", ".join(f"{name} {stored[name]}" for name in names),
        ", ".join(f"{name} {rebuilt[name]}" for name in names),
    )


def _all(parts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in parts.items())
