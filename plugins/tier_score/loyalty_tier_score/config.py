"""What a business decides about tiers by a score."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, ValidationInfo, field_validator

from loyalty_engine.rules import (
    Factor,
    NamedNumber,
    RuleConfig,
    Selection,
    Taking,
    Text,
    Texts,
    Thresholds,
    Window,
)

Of = Annotated[
    Literal["amount", "units", "activities", "local_days"] | NamedNumber,
    Field(
        description='"amount", "units", "activities", "local_days" (distinct dates with an activity), or a '
        'number of the activity, as { attribute = "rating" }.'
    ),
]


class MeasuredPart(Selection):
    """A measure of activities, and its weight in the score."""

    key: Text = Field(description="The name under which an explanation shows it.")
    weight: Factor = Field(description="How much each one of it adds to the score.")
    of: Of
    window: Window
    take: Taking = Field(
        "sum",
        description='"sum", or of amount, units or an attribute the "largest" of a single activity, or that '
        'of the "last" one.',
    )
    net: StrictBool = Field(default=True, description="Whether returns lower it.")

    @field_validator("take")
    @classmethod
    def _of_a_number(cls, take: Taking, info: ValidationInfo) -> Taking:
        if take != "sum" and info.data.get("of") in ("activities", "local_days"):
            raise ValueError("the largest and the last are of amount, units or an attribute")
        return take


class PointsPart(RuleConfig):
    """Points earned, and their weight in the score."""

    key: Text = Field(description="The name under which an explanation shows it.")
    weight: Factor = Field(description="How much each point adds to the score.")
    currency: Text = Field(description="The points currency.")
    rules: Texts = Field((), description="Only points that these rules of the file award, by their ids.")
    window: Window
    net: StrictBool = Field(default=True, description="Whether returns lower it.")


Scores = Annotated[dict[Text, Factor], Field(max_length=50)]


class TierScoreConfig(RuleConfig):
    """A sum of weighted measures and outside scores, and how much of it each tier asks for."""

    measures: Annotated[tuple[MeasuredPart, ...], Field(max_length=20)] = Field(
        (), description="Measures of activities."
    )
    points: Annotated[tuple[PointsPart, ...], Field(max_length=20)] = Field((), description="Points earned.")
    scores: Scores = Field(
        default_factory=dict,
        description="Scores that come from outside as dated values of the kind score: the weight of each, by "
        "its key; one that is not known is 0.",
    )
    thresholds: Thresholds = Field(
        description="The least score for each tier, the bound included; no opinion on tiers left out."
    )

    @field_validator("thresholds")
    @classmethod
    def _of_something(cls, thresholds: Thresholds, info: ValidationInfo) -> Thresholds:
        keys = [part.key for name in ("measures", "points") for part in info.data.get(name, ())]
        keys += info.data.get("scores", {})
        if not keys:
            raise ValueError("the score is made of nothing: give measures, points or scores")
        if len(set(keys)) != len(keys):
            raise ValueError("two parts of the score have one key")
        return thresholds
