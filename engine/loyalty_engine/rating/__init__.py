"""The pure fold: step, advance and fold turn facts and boundaries into a state and its effects."""

from loyalty_engine.rating.facts import (
    ActivityFact,
    Fact,
    Moved,
    Portion,
    ReturnedLine,
    ReturnFact,
    ValueFact,
)
from loyalty_engine.rating.fold import Ask, Folding, Outcome, Parked, fold, run
from loyalty_engine.rating.rulebook import ProgramVersion, Rulebook
from loyalty_engine.rating.state import Claim, Effect, LadderState, State, enrolled

__all__ = [
    "ActivityFact",
    "Ask",
    "Claim",
    "Effect",
    "Fact",
    "Folding",
    "LadderState",
    "Moved",
    "Outcome",
    "Parked",
    "Portion",
    "ProgramVersion",
    "ReturnFact",
    "ReturnedLine",
    "Rulebook",
    "State",
    "ValueFact",
    "enrolled",
    "fold",
    "run",
]
