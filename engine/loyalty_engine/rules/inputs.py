"""The frozen inputs of hooks: what a rule is shown when it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loyalty_engine.rules.measures import Measure

NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One position of a receipt; amounts are net of what was returned."""

    key: str
    amount: Decimal
    units: Decimal | None = None
    category: str | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """Something the member did: a purchase, a visit, an unlinked return with a negative amount.

    A purchase of which a part was returned is shown with what remains of it.
    """

    source: str
    external_id: str
    kind: str
    occurred_at: datetime
    local_day: date
    amount: Decimal | None = None
    units: Decimal | None = None
    channel: str | None = None
    partner: str | None = None
    attributes: Mapping[str, object] = field(default_factory=lambda: NOTHING)
    lines: tuple[ActivityLine, ...] = ()

    @property
    def counts_as(self) -> str:
        """The kind whose figures it changes: an unlinked return lowers those of purchases."""
        return "purchase" if self.kind == "return" else self.kind

    @property
    def occurrences(self) -> int:
        """How many activities of its kind it adds: a return that names no purchase adds none, nor a merge."""
        return 0 if self.kind in ("return", "merge", "absorption") else 1


@dataclass(frozen=True, slots=True)
class Redemption:
    """What a member wants to redeem: a reward by its key and kind, what it costs, and the local day."""

    reward: str
    kind: str
    currency: str
    price: Decimal
    local_day: date


@dataclass(frozen=True, slots=True)
class Ladder:
    """A ladder's tiers from the base tier upwards."""

    key: str
    tiers: tuple[str, ...]

    def rank(self, tier: str) -> int:
        """0 for the base tier; KeyError for a tier that the ladder lacks."""
        try:
            return self.tiers.index(tier)
        except ValueError:
            raise KeyError(f"ladder {self.key!r} has no tier {tier!r}") from None

    def own(self, name: str) -> str | None:
        """The tier that a name means on this ladder, as "gold" or "status.gold"; None if it means none."""
        ladder, _, tier = name.rpartition(".")
        return tier if ladder in ("", self.key) and tier in self.tiers else None

    @property
    def base(self) -> str:
        """The tier that needs no support."""
        return self.tiers[0]


@dataclass(frozen=True, slots=True)
class Member:
    """The member as before the activity or boundary at hand.

    ``values`` are the dated values known at this point, by kind and key; ``tiers`` the tier held on
    each ladder; ``ladders`` the program's; ``figures`` the measures that the program's rules declared;
    ``referred_by`` the external id of the member who referred this one.
    """

    external_id: str
    joined_on: date
    ladders: tuple[Ladder, ...]
    tiers: Mapping[str, str]
    figures: Mapping[Measure, Decimal]
    values: Mapping[tuple[str, str], object] = field(default_factory=dict)
    referred_by: str | None = None

    @property
    def attributes(self) -> Mapping[str, object]:
        """The member's attributes at this point of the fold."""
        return MappingProxyType(
            {key: value for (kind, key), value in self.values.items() if kind == "attribute"}
        )

    def figure(self, measure: Measure) -> Decimal:
        """What a measure amounts to; the rule must have declared it in ``measures()``."""
        return self.figures[measure]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What may be rewarded: an activity, with the declared measures as they are with it."""

    activity: Activity
    figures_with: Mapping[Measure, Decimal]


@dataclass(frozen=True, slots=True)
class ProgramOutline:
    """What a rule sees of its program when it is checked: keys, no figures."""

    currency: str
    ladders: tuple[Ladder, ...]
    ladders_of_rule: Mapping[str, tuple[str, ...]]
    points: tuple[str, ...]
    rules: Mapping[str, str]

    def ladders_naming(self, rule_id: str) -> Sequence[Ladder]:
        """The ladders whose tree names the rule."""
        return [ladder for ladder in self.ladders if ladder.key in self.ladders_of_rule.get(rule_id, ())]

    def ladder(self, key: str) -> Ladder | None:
        """The ladder of that key."""
        return next((ladder for ladder in self.ladders if ladder.key == key), None)
