"""The base of every rule's configuration, and the bounded numbers that configurations share."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema


def _exact(value: object) -> object:
    """A float has lost digits before it is seen here, so only text and whole numbers are exact."""
    if isinstance(value, float):
        # Only a ValueError becomes a finding with a path.
        raise ValueError('write the number as text, e.g. "1.25": a float is not exact')  # noqa: TRY004
    return value


class Exact:
    """Marks a Decimal that is written as text or a whole number, also in the JSON Schema.

    It stands last in ``Annotated``, so that the bounds before it are the number's own.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_exact, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        printed = handler(schema)
        for alternative in printed.get("anyOf", ()):
            if alternative.get("type") == "number":
                alternative["type"] = "integer"
        return printed


Amount = Annotated[Decimal, Field(ge=0, le=Decimal("9e11"), decimal_places=4), Exact()]
"""Money, or any figure of activities, with at most 4 decimals."""

Factor = Annotated[Decimal, Field(ge=0, le=Decimal("1e6"), decimal_places=6), Exact()]
"""A rate: points for one unit of a figure, with at most 6 decimals."""

Percent = Annotated[Decimal, Field(ge=0, le=Decimal(1000), decimal_places=4), Exact()]
"""A percentage: 10 is ten percent."""

Thresholds = Annotated[dict[str, Amount], Field(min_length=1, max_length=50)]
"""What each tier asks for; a tier that is not named is one on which the rule abstains."""


class RuleConfig(BaseModel):
    """Frozen, closed configuration: an unknown key is an error with its path, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)
