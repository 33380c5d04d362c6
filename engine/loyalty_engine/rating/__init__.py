"""The pure fold: step, advance and fold turn facts and boundaries into a state and its effects."""

from loyalty_engine.rating.facts import ActivityFact, Fact, ReturnedLine, ReturnFact, ValueFact
from loyalty_engine.rating.fold import Ask, Folding, Outcome, Parked, fold, run
from loyalty_engine.rating.rulebook import ProgramVersion, Rulebook
from loyalty_engine.rating.state import Claim, Effect, LadderState, State, Wallet, enrolled

__all__ = [
    "ActivityFact",
    "Ask",
    "Claim",
    "Effect",
    "Fact",
    "Folding",
    "LadderState",
    "Outcome",
    "Parked",
    "ProgramVersion",
    "ReturnFact",
    "ReturnedLine",
    "Rulebook",
    "State",
    "ValueFact",
    "Wallet",
    "enrolled",
    "fold",
    "run",
]
