"""What a vote came to, in whole numbers: no share is rounded."""

from __future__ import annotations

from loyalty_engine.rules import Tally, VoteResult
from loyalty_tier_grant.config import Quorum, Vote

AT_LEAST = {"two_thirds": (2, 3), "three_quarters": (3, 4), "unanimous": (1, 1)}


def result_of(vote: Vote, tally: Tally) -> VoteResult:
    """First the quorum, then whether it is a tie, then the majority."""
    counted = tally.voted if vote.abstention.in_quorum else tally.in_favour + tally.against
    if not _reached(vote.quorum, counted, tally.electors):
        return "no_quorum"
    if tally.in_favour == tally.against:
        return "tie"
    base = tally.voted if vote.abstention.in_majority else tally.in_favour + tally.against
    return "carried" if _carried(vote.majority, tally.in_favour, base) else "lost"


def _reached(quorum: Quorum, counted: int, electors: int) -> bool:
    if counted == 0:
        return False
    if quorum.percent is not None:
        return counted * 100 >= quorum.percent * electors
    return quorum.count is not None and counted >= quorum.count


def _carried(majority: str, in_favour: int, base: int) -> bool:
    if majority == "simple":
        return 2 * in_favour > base
    numerator, denominator = AT_LEAST[majority]
    return denominator * in_favour >= numerator * base
