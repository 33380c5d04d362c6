"""Rules, points currencies and findings of a program, and the names that they have for people."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

import strawberry
from strawberry.scalars import JSON

from loyalty_engine.plugins import RuleType as InstalledRule
from loyalty_engine.program import ConfiguredRule
from loyalty_engine.program import Finding as ProgramFinding
from loyalty_engine.program import PointsCurrency as ProgramPoints
from loyalty_engine.program import Program as CompiledProgram
from loyalty_engine.program.file import AfterDays, AfterMonths, FixedDay, Idle, Pending
from loyalty_engine.words import say
from loyalty_schema.enums import ExpiryKind, Severity
from loyalty_schema.fields import EVERYONE, FEW, POINTS_ADJUST, PROGRAM_READ, column, computed
from loyalty_schema.request import Info, Request, request_of

Expiry = Literal["never"] | AfterMonths | AfterDays | FixedDay | Idle
EXPIRY_KINDS: Mapping[type[object], ExpiryKind] = {
    AfterMonths: ExpiryKind.AFTER_MONTHS,
    AfterDays: ExpiryKind.AFTER_DAYS,
    FixedDay: ExpiryKind.FIXED_DAY,
    Idle: ExpiryKind.IDLE,
}

Locale = Annotated[
    str | None,
    strawberry.argument(
        description='The language, e.g. "zh"; left out: that of the request, else that of the business.'
    ),
]


@strawberry.type(description="A kind of rule that an installed plugin offers.")
class RuleType:
    """A kind of rule."""

    row: strawberry.Private[InstalledRule]

    name: str = column("name", scope=EVERYONE, description="By what a program file names it.")
    plugin: str = column("plugin", scope=PROGRAM_READ, description="The plugin that offers it.")
    version: str = column(
        "version", scope=PROGRAM_READ, description="Changes with every change of what it decides."
    )
    summary: str = column("summary", scope=PROGRAM_READ, description="What it does, in a line.")

    @computed(scope=PROGRAM_READ, brings=FEW, description="The decisions that it takes part in.")
    def hooks(self) -> list[str]:
        """The decisions that it takes part in."""
        return list(self.row.hooks)

    @computed(scope=PROGRAM_READ, description="The JSON Schema of its configuration, to draw a form from.")
    def config_schema(self) -> JSON:
        """The JSON Schema of its configuration."""
        return JSON(self.row.config_schema)


@strawberry.type(description="A configured rule of a program.")
class Rule:
    """A configured rule of a program."""

    row: strawberry.Private[ConfiguredRule]

    key: str = column("rule_id", scope=EVERYONE, description="Its id in the program file.")

    @computed(scope=EVERYONE, description="What kind of rule it is.")
    def type(self) -> RuleType:
        """What kind of rule it is."""
        return RuleType(row=self.row.type)

    @computed(
        scope=PROGRAM_READ,
        partners=False,
        description="Its configuration, as written in the file; not for partners.",
    )
    def config(self) -> JSON:
        """Its configuration."""
        return JSON(dict(self.row.config))


@strawberry.type(description="When points that were earned can be spent.")
class PointsPending:
    """When points that were earned can be spent."""

    row: strawberry.Private[Pending]

    days: int | None = column(
        "days", scope=EVERYONE, description="After so many whole days; null: when they are confirmed."
    )
    confirmed: bool = column(
        "confirmed", scope=EVERYONE, description="Whether confirming the activity releases them earlier."
    )


@strawberry.type(description="When points expire.")
class PointsExpiry:
    """When points expire."""

    row: strawberry.Private[Expiry]

    @computed(scope=EVERYONE, description="What decides it.")
    def kind(self) -> ExpiryKind:
        """What decides it."""
        return EXPIRY_KINDS.get(type(self.row), ExpiryKind.NEVER)

    @computed(
        scope=EVERYONE,
        description="How many months after they were earned, or last kept; of a fixed day the least age.",
    )
    def months(self) -> int | None:
        """How many months."""
        if isinstance(self.row, AfterMonths):
            return self.row.months
        if isinstance(self.row, Idle):
            return self.row.idle_months
        return self.row.after_months if isinstance(self.row, FixedDay) else None

    @computed(scope=EVERYONE, description="How many days after they were earned.")
    def days(self) -> int | None:
        """How many days."""
        return self.row.days if isinstance(self.row, AfterDays) else None

    @computed(
        scope=EVERYONE,
        description="After the months: that_day, or on to end_of_month, end_of_quarter or end_of_year.",
    )
    def then(self) -> str | None:
        """After the months."""
        return self.row.then if isinstance(self.row, AfterMonths) else None

    @computed(scope=EVERYONE, description='The fixed day, as "MM-DD"; they are gone when it begins.')
    def day(self) -> str | None:
        """The fixed day."""
        return self.row.day if isinstance(self.row, FixedDay) else None

    @computed(scope=EVERYONE, brings=FEW, description="The kinds of activities that keep them.")
    def kept_by(self) -> list[str]:
        """The kinds of activities that keep them."""
        return list(self.row.kept_by) if isinstance(self.row, Idle) else []


@strawberry.type(description="A points currency of a program.")
class PointsCurrency:
    """A points currency of a program."""

    row: strawberry.Private[ProgramPoints]

    key: str = column("key", scope=EVERYONE, description="Its key in the program file.")

    @computed(scope=EVERYONE, description="Its name for members.")
    def name(self, info: Info, locale: Locale = None) -> str:
        """Its name for members."""
        return named(request_of(info), self.row.section.name, self.row.key, locale)

    @computed(scope=EVERYONE, description="Digits after the point of its smallest unit.")
    def decimals(self) -> int:
        """Digits after the point."""
        return self.decimals_of

    @computed(
        scope=EVERYONE, description="Whether they can be spent, held and sent; false: they only qualify."
    )
    def redeemable(self) -> bool:
        """Whether they can be spent."""
        return self.row.section.redeemable

    @computed(scope=EVERYONE, description="When they can be spent; null: at once.")
    def pending(self) -> PointsPending | None:
        """When they can be spent."""
        pending = self.row.section.pending
        return None if pending is None else PointsPending(row=pending)

    @computed(scope=EVERYONE, description="When they expire.")
    def expiry(self) -> PointsExpiry:
        """When they expire."""
        return PointsExpiry(row=self.row.section.expiry)

    @computed(
        scope=EVERYONE,
        description="How much of the business's currency one point pays of a purchase; null: they pay none.",
    )
    def tender(self) -> Decimal | None:
        """How much one point pays."""
        return self.row.section.tender

    @computed(
        scope=POINTS_ADJUST,
        description="Adjustments of more points than that need a second person; null: none does.",
    )
    def approval_above(self) -> Decimal | None:
        """Adjustments of more points than that need a second person."""
        return self.row.section.approval_above

    @property
    def decimals_of(self) -> int:
        """Digits after the point."""
        return self.row.section.decimals


@strawberry.type(description="What the lint says about a program.")
class Finding:
    """What the lint says about a program."""

    row: strawberry.Private[ProgramFinding]

    path: str = column("path", scope=EVERYONE, description="Where in the file, e.g. rules.0.config.")
    message: str = column("message", scope=EVERYONE, description="What is found there.")

    fix: str | None = column(
        "fix", scope=EVERYONE, description="What would mend it; null: nothing is proposed."
    )

    @computed(scope=EVERYONE, description="How grave it is.")
    def severity(self) -> Severity:
        """How grave it is."""
        return Severity(self.row.severity)


def named(request: Request, names: Mapping[str, str], key: str, locale: str | None) -> str:
    """The name in the language asked for, as far as the file has it, else the key."""
    found = (_in_language(names, wanted) for wanted in request.locales(locale))
    return next((name for name in found if name is not None), next(iter(names.values()), key))


def _in_language(names: Mapping[str, str], wanted: str) -> str | None:
    """The name for a locale: without its last parts where there is none with them, else of its language."""
    by_tag = {tag.lower(): name for tag, name in names.items()}
    parts = wanted.replace("_", "-").lower().split("-")
    tags = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    tags += [tag for tag in by_tag if tag.partition("-")[0] == parts[0]]
    return next((by_tag[tag] for tag in tags if tag in by_tag), None)


COUNTED = frozenset({"activities", "days", "months", "units", "status", "score"})
"""What has words of its own where it is counted."""


def counted(request: Request, program: CompiledProgram, number: str, unit: str, locale: str | None) -> str:
    """So much of what a condition counts, in words: points by their name, which has one form.

    A currency and what a business names itself stand for themselves.
    """
    language, points = request.language(locale), program.points.get(unit)
    if unit in COUNTED or (unit == "points" and points is not None and not points.section.name):
        whole, _, decimals = number.partition(".")
        exact = Decimal(f"{whole}.{decimals.rstrip('0')}".removesuffix("."))
        return say(language, f"counted-{unit}", number=exact)
    name = unit if points is None else named(request, points.section.name, unit, locale)
    return say(language, "counted", number=number, unit=name)
