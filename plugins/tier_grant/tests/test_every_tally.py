"""Every tally of small electorates, decided once more in fractions."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from loyalty_engine.rules import Application, Tally, VoteClosed
from loyalty_engine.testing import configured
from loyalty_tier_grant.rule import TierGrant

SHARES = {"two_thirds": Fraction(2, 3), "three_quarters": Fraction(3, 4), "unanimous": Fraction(1)}
QUORUMS: list[dict[str, Any]] = [
    {"percent": 50},
    {"percent": "66.67"},
    {"percent": 100},
    {"count": 1},
    {"count": 3},
]
THEN = {"pass": ("admitted", None), "reject": ("rejected", None), "decide": ("open", "vote")}


def tallies() -> Iterator[Tally]:
    """Every tally of up to six electors."""
    for electors, in_favour, against, abstained in product(range(7), repeat=4):
        if in_favour + against + abstained <= electors:
            yield Tally(electors, in_favour, against, abstained)


def expected(tally: Tally, quorum: dict[str, Any], majority: str, in_quorum: bool, in_majority: bool) -> str:
    """What a tally comes to."""
    said, voted = tally.in_favour + tally.against, tally.in_favour + tally.against + tally.abstained
    there = voted if in_quorum else said
    wanted = quorum.get("count") or Fraction(str(quorum["percent"])) * tally.electors / 100
    if there == 0 or there < wanted:
        return "no_quorum"
    if tally.in_favour == tally.against:
        return "tie"
    share = Fraction(tally.in_favour, voted if in_majority else said)
    carried = share > Fraction(1, 2) if majority == "simple" else share >= SHARES[majority]
    return "carried" if carried else "lost"


@pytest.mark.parametrize("quorum", QUORUMS, ids=str)
@pytest.mark.parametrize("majority", ["simple", *SHARES])
@pytest.mark.parametrize("in_quorum", [True, False])
@pytest.mark.parametrize("in_majority", [True, False])
def test_a_vote_comes_to_what_its_fractions_say(
    quorum: dict[str, Any], majority: str, in_quorum: bool, in_majority: bool
) -> None:
    vote: dict[str, Any] = {
        "electorate": ["gold"],
        "closes_after_days": 14,
        "quorum": quorum,
        "majority": majority,
        "abstention": {"in_quorum": in_quorum, "in_majority": in_majority},
    }
    for tie, no_quorum in zip(THEN, (*list(THEN)[1:], "pass"), strict=True):
        config = {"tier": "gold", "steps": ["vote"], "term": "lifetime"}
        rule = configured(TierGrant, {**config, "vote": {**vote, "tie": tie, "no_quorum": no_quorum}})
        for tally in tallies():
            after = rule.transition(Application("entry", "vote", vote_open=True), VoteClosed(tally))
            result = expected(tally, quorum, majority, in_quorum, in_majority)
            then = {"carried": "pass", "lost": "reject", "tie": tie, "no_quorum": no_quorum}[result]
            assert (after.result, (after.state, after.step)) == (result, THEN[then]), tally
