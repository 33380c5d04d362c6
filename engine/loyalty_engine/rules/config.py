"""The base of every rule's configuration, and the bounded numbers that configurations share."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _exact(value: object) -> object:
    """A float has lost digits before it is seen here, so only text and whole numbers are exact."""
    if isinstance(value, float):
        raise ValueError('write the number as text, e.g. "1.25": a floating-point number is not exact')
    return value


Exact = BeforeValidator(_exact)

Amount = Annotated[Decimal, Exact, Field(ge=0, le=Decimal("9e11"), decimal_places=4)]
"""Money, or any figure of activities, with at most 4 decimals."""

Factor = Annotated[Decimal, Exact, Field(ge=0, le=Decimal("1e6"), decimal_places=6)]
"""A rate: points for one unit of a figure, with at most 6 decimals."""

Percent = Annotated[Decimal, Exact, Field(ge=0, le=Decimal(1000), decimal_places=4)]
"""A percentage: 10 is ten percent."""

Thresholds = Annotated[dict[str, Amount], Field(min_length=1, max_length=50)]
"""What each tier asks for; a tier that is not named is one on which the rule abstains."""


class RuleConfig(BaseModel):
    """Frozen, closed configuration: an unknown key is an error with its path, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)
