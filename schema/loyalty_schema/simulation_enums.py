"""Closed enumerations about simulations; their values are those that the database keeps."""

from enum import Enum

import strawberry
from strawberry import enum_value


@strawberry.enum(description="What a simulation tries.")
class SimulationKind(Enum):
    """What a simulation tries."""

    PREVIEW = enum_value("preview", description="Publishing the file: who would move.")
    BACKTEST = enum_value("backtest", description="A past period: what it would have come to.")


@strawberry.enum(description="Whether a simulation waits, runs, or how it ended.")
class SimulationState(Enum):
    """Whether a simulation waits, runs, or how it ended."""

    QUEUED = enum_value("queued", description="It waits for a worker.")
    RUNNING = enum_value("running", description="A worker has begun; another one goes on if that is gone.")
    DONE = enum_value("done", description="It has a result.")
    FAILED = enum_value("failed", description="It ended without a result.")
    CANCELLED = enum_value("cancelled", description="Somebody ended it.")


@strawberry.enum(description="Why a simulation ended without a result.")
class SimulationFailureCode(Enum):
    """Why a simulation ended without a result."""

    OVERTAKEN = enum_value(
        "overtaken", description="A version was published meanwhile, which this one would follow."
    )
    PROGRAM = enum_value(
        "program", description="The file cannot be used any more with the rules that are installed."
    )
    DEFECT = enum_value("defect", description="Something went wrong in the engine at some of the members.")
    LOST = enum_value("lost", description="Its workers ended in the middle of some of the members.")


@strawberry.enum(description="Why the figures of a back-test are estimates.")
class SimulationEstimate(Enum):
    """Why the figures of a back-test are estimates."""

    SAMPLE = enum_value("sample", description="Only a part of the members was folded.")
    BUDGETS = enum_value("budgets", description="A budget or quota did not suffice.")
    GIFTS = enum_value(
        "gifts",
        description="Members would have been given something else by others, which they might have spent.",
    )
    MERGES = enum_value(
        "merges",
        description="Somebody would have had something else to bring into another membership, which is "
        "counted as what it brought really.",
    )


@strawberry.enum(description="What points that cost or save something are.")
class CostSort(Enum):
    """What points that cost or save something are."""

    EARNED = enum_value("earned", description="Earned, after returns.")
    GIVEN = enum_value("given", description="Given to other members because of what one did.")
    EXPIRED = enum_value("expired", description="Expired unused.")
