"""Whether rules object to a redemption. It is asked once, when the redemption is decided, and by no fold."""

from __future__ import annotations

from loyalty_engine.program import Program
from loyalty_engine.rating.earning import earning_returns
from loyalty_engine.rating.inputs import member_at
from loyalty_engine.rating.judgement import RuleFailed, failure
from loyalty_engine.rating.state import State
from loyalty_engine.rules import Redemption

LONGEST = 500


def objection_to(program: Program, state: State, redemption: Redemption) -> tuple[str, str] | None:
    """The first rule, in the order of the file, that objects, and why; None where none does.

    All rules are asked. The member is shown as it is at the redemption, with figures of its local day.
    Raises RedemptionRuleFailed for the first that fails or answers what is no short text, also where another
    one objects.
    """
    figures = state.tallies.figures(
        program.measures,
        earning_returns(program),
        redemption.local_day,
        state.joined_on,
        values=state.values,
    )
    tiers = {key: ladder.tier for key, ladder in state.ladders.items()}
    member, found = member_at(state, program, tiers, figures), None
    for rule, ask in program.implementations["objection"].items():
        try:
            objection = ask(redemption, member)
        except Exception as error:  # whatever a rule raises is its failure, and told as such
            raise RedemptionRuleFailed(failure(rule, error)) from error
        if objection is None:
            continue
        if not isinstance(objection, str) or not 1 <= len(objection.strip()) <= LONGEST:
            raise RedemptionRuleFailed(RuleFailed(rule, "its objection is no text of 1 to 500 characters"))
        found = found or (rule, objection.strip())
    return found


class RedemptionRuleFailed(Exception):
    """A rule that may object to redemptions failed, so that nobody knows whether it would."""

    def __init__(self, failed: RuleFailed) -> None:
        super().__init__(failed.error)
        self.failed = failed
