"""Parts of configurations that many rules share: which activities count, and which of their numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from loyalty_engine.rules.config import RuleConfig
from loyalty_engine.rules.measures import Figure, Quantity, Taking

Text = Annotated[str, Field(min_length=1, max_length=200)]
"""A key that a business chose, e.g. of a category, a channel or an attribute."""

Texts = Annotated[tuple[Text, ...], Field(max_length=100)]
"""Keys of which any one is meant; an empty list lets everything through."""

Values = Annotated[tuple[Text, ...], Field(min_length=1, max_length=100)]
"""Values of which any one is meant."""


def _no_return(kind: str) -> str:
    if kind == "return":
        raise ValueError('a return changes the figures of purchases: name "purchase" and it is included')
    return kind


Kind = Annotated[Text, AfterValidator(_no_return)]
"""A kind of activity; an unlinked return counts as a purchase."""


class Selection(RuleConfig):
    """Which activities count; an empty list lets everything through."""

    kinds: Annotated[tuple[Kind, ...], Field(min_length=1, max_length=100)] = Field(
        ("purchase",), description="The kinds of activity that count; unlinked returns count as purchases."
    )
    categories: Texts = Field(
        (),
        description="Only receipt lines of these categories; an attribute, a count or a day is taken whole "
        "when any line is of one.",
    )
    channels: Texts = Field((), description="Only activities through these channels.")
    partners: Texts = Field((), description="Only activities at these partners.")
    attributes: Annotated[dict[Text, Values], Field(max_length=20)] = Field(
        default_factory=dict,
        description="Only activities of which each of these attributes is one of the values listed, as text; "
        'a number or a truth value as JSON writes it, e.g. { in_store = ["true"] }.',
    )

    def figure_of(
        self, of: Quantity, attribute: str | None = None, *, net: bool = True, taking: Taking = "sum"
    ) -> Figure:
        """The figure of the selected activities."""
        return Figure(
            of,
            kinds=self.kinds,
            attribute=attribute,
            categories=self.categories,
            channels=self.channels,
            partners=self.partners,
            net=net,
            taking=taking,
            where=tuple(sorted(self.attributes.items())),
        )


class NamedNumber(RuleConfig):
    """A number among the attributes of an activity."""

    attribute: Text = Field(description="The attribute's key; where it is missing or no number, it is 0.")


Number = Annotated[
    Literal["amount", "units"] | NamedNumber,
    Field(description='Which number of the activity: "amount", "units" or { attribute = "gross" }.'),
]
"""Which number of an activity a rule looks at."""


def number_figure(
    selection: Selection,
    number: Literal["amount", "units"] | NamedNumber,
    *,
    net: bool,
    taking: Taking = "sum",
) -> Figure:
    """The figure that a configured number of the selected activities is."""
    if isinstance(number, NamedNumber):
        return selection.figure_of("attribute", number.attribute, net=net, taking=taking)
    return selection.figure_of(number, net=net, taking=taking)
