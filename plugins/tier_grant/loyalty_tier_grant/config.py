"""What a business decides about admission: its steps, who votes and what carries a vote, fee and term."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, ValidationInfo, field_validator

from loyalty_engine.rules import AdmissionStep, Amount, Percent, RuleConfig, Text

Undecided = Literal["pass", "reject", "decide"]
Electors = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
Fee = Annotated[
    Amount | None,
    Field(description="What is to be paid, in the program's currency; with a step pay, and only there."),
]


class Quorum(RuleConfig):
    """How many of the electorate must vote, abstentions among them or not."""

    percent: Percent | None = Field(None, gt=0, le=100, description="Percent of the electorate; or count.")
    count: Electors | None = Field(None, validate_default=True, description="So many electors; or percent.")

    @field_validator("count")
    @classmethod
    def _one_of_two(cls, count: int | None, info: ValidationInfo) -> int | None:
        if "percent" in info.data and (info.data["percent"] is None) == (count is None):
            raise ValueError("give either percent or count")
        return count


class Abstention(RuleConfig):
    """What an abstention counts for."""

    in_quorum: StrictBool = Field(description="Whether those who abstain help to reach the quorum.")
    in_majority: StrictBool = Field(description="Whether the majority is one of all votes, or of yes and no.")


class Vote(RuleConfig):
    """Who votes and how a vote is decided; nothing of it has a default."""

    electorate: tuple[Text, ...] = Field(
        min_length=1,
        max_length=50,
        description="The tiers whose holders may vote, as full or club.full; fixed when the vote opens.",
    )
    closes_after_days: int = Field(
        ge=1, le=366, strict=True, description="Local days until it closes, at their end at 00:00."
    )
    quorum: Quorum = Field(description="How many must vote; a vote in which nobody votes has none.")
    majority: Literal["simple", "two_thirds", "three_quarters", "unanimous"] = Field(
        description="The share of votes in favour that carries: more than half, or at least so much."
    )
    abstention: Abstention = Field(description="What abstentions count for.")
    tie: Undecided = Field(
        description="As many in favour as against: it passes, is rejected, or is decided by hand."
    )
    no_quorum: Undecided = Field(description="Too few voted: it passes, is rejected, or is decided by hand.")


class Months(RuleConfig):
    """So many months from the day of admission; renewals are counted from that day too."""

    months: int = Field(ge=1, le=1200, strict=True, description="Months from the day of admission, clamped.")


Steps = Annotated[
    tuple[AdmissionStep, ...],
    Field(
        min_length=1,
        max_length=6,
        description="What must be decided, in this order; each at most once.",
    ),
]


class Course(RuleConfig):
    """Steps with what they need."""

    steps: Steps
    fee: Fee = Field(None, validate_default=True)

    @field_validator("steps")
    @classmethod
    def _each_once(cls, steps: tuple[AdmissionStep, ...]) -> tuple[AdmissionStep, ...]:
        if len(set(steps)) < len(steps):
            raise ValueError("a step stands here twice")
        return steps

    @field_validator("fee")
    @classmethod
    def _fee_for_payment(cls, fee: object, info: ValidationInfo) -> object:
        if "steps" in info.data and (fee is not None) != ("pay" in info.data["steps"]):
            raise ValueError("a fee belongs to a step pay, and a step pay needs a fee")
        return fee


class TierGrantConfig(Course):
    """Who is admitted to a tier, by which steps, and for how long."""

    tier: Text = Field(description="The tier that is granted, as full or club.full.")
    term: Literal["lifetime"] | Months = Field(
        description='How long it holds: "lifetime", or { months = 12 } from the day of admission.'
    )
    renewal: Course | None = Field(
        None, description="The steps by which who is a member stays one for another term; left out: none."
    )
    vote: Vote | None = Field(
        None,
        validate_default=True,
        description="Who votes and what carries; where there is a step vote, and only there.",
    )

    @field_validator("vote")
    @classmethod
    def _vote_where_voted(cls, vote: Vote | None, info: ValidationInfo) -> Vote | None:
        if "steps" not in info.data or "renewal" not in info.data:
            return vote
        renewal = info.data["renewal"]
        voted = "vote" in (*info.data["steps"], *(() if renewal is None else renewal.steps))
        if (vote is not None) != voted:
            raise ValueError("a vote belongs to a step vote, and a step vote needs to say who votes")
        return vote
