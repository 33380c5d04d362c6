"""Publishing a program: versions, what may follow them, and the budgets that a promotion opens."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from loyalty_engine.clock import FixedClock
from loyalty_engine.plugins import discover
from loyalty_engine.services.businesses import BusinessCreated, CreateBusiness, create_business
from loyalty_engine.services.credentials import operator
from loyalty_engine.services.engine import Caller, Engine
from loyalty_engine.services.programs import NotPublished, Published, publish_program, show_programs
from loyalty_engine.services.refusals import Refusal, RefusalCode
from loyalty_engine.store.database import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROGRAM = """
[program]
business = "SLUG"
name = "Acme Club"
timezone = "Europe/London"
currency = "GBP"

[[points]]
key = "points"
decimals = 2
rounding = "toward_zero"
expiry = "never"

[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = "spend"
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "base" }
returns = "never"

[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = "lifetime", thresholds = { silver = "100", gold = "500" } }

[[rules]]
id = "promo"
rule = "partner_rewards"
[rules.config]
partner = "acme"
currency = "points"
points = 5
exhausted = "none"
funding = [
    { partner = "acme", percent = "50", budget_points = 1000 },
    { partner = "bolt", percent = "30", unlimited = true },
]
"""


@dataclass
class Shop:
    """A business with its program file."""

    engine: Engine
    slug: str
    caller: Caller

    @property
    def source(self) -> str:
        return PROGRAM.replace("SLUG", self.slug)

    async def publish(self, source: str, effective_at: datetime | None = None) -> Published | NotPublished:
        return await publish_program(self.engine, self.caller, source, effective_at)

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        async with self.engine.database.reading(self.caller.business_id) as connection:
            return [tuple(row) for row in await connection.fetch(query, *values)]


@pytest.fixture
def engine(app_database: Database) -> Engine:
    return Engine(app_database, discover(), FixedClock(NOW), b"k" * 32)


@pytest.fixture
async def shop(engine: Engine) -> Shop:
    slug = f"b{uuid4().hex}"
    created = await create_business(engine, CreateBusiness(slug, PROGRAM.replace("SLUG", slug)))
    assert isinstance(created, BusinessCreated), created
    return Shop(engine, slug, operator(created.business_id))


BUDGETS = """
SELECT a.kind, p.key, a.balance,
       (SELECT sum(t.amount) FROM transfer t WHERE t.credit_account_id = a.account_id)
FROM account a LEFT JOIN partner p USING (business_id, partner_id) ORDER BY a.kind, p.key
"""


async def test_a_business_begins_with_its_program_its_owner_and_its_budgets(shop: Shop) -> None:
    (version,) = await show_programs(shop.engine, shop.caller)
    assert (version.version, version.effective_at, version.source) == (1, None, shop.source)
    assert version.rule_versions == {"tier_spend": "1", "partner_rewards": "1"}
    assert await shop.rows("SELECT name, timezone, currency, locale FROM business") == [
        ("Acme Club", "Europe/London", "GBP", "en")
    ]
    assert await shop.rows(BUDGETS) == [
        ("budget", "acme", 100_000, 100_000),
        ("budget", "bolt", None, None),
        ("funding", None, None, None),
    ]
    assert await shop.rows("SELECT kind, published_by = credential_id FROM credential, program_version") == [
        ("owner", True)
    ]


async def test_a_second_business_of_that_slug_is_refused(shop: Shop) -> None:
    answer = await create_business(shop.engine, CreateBusiness(shop.slug, shop.source))
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.ALREADY_EXISTS


async def test_a_business_is_not_made_from_a_wrong_file(engine: Engine) -> None:
    slug = f"b{uuid4().hex}"
    wrong = PROGRAM.replace("SLUG", slug).replace("gold =", "platinum =")
    answer = await create_business(engine, CreateBusiness(slug, wrong))
    assert isinstance(answer, NotPublished)
    assert [finding.path for finding in answer.findings] == ["rules.0.config.thresholds.platinum"]
    made = await create_business(engine, CreateBusiness(slug, PROGRAM.replace("SLUG", slug)))
    assert isinstance(made, BusinessCreated)


async def test_a_budget_that_no_account_can_hold_is_an_error(engine: Engine) -> None:
    slug = f"b{uuid4().hex}"
    source = PROGRAM.replace("SLUG", slug).replace("decimals = 2", "decimals = 4")
    answer = await create_business(engine, CreateBusiness(slug, source.replace("1000 }", "9000000000000 }")))
    assert isinstance(answer, NotPublished)
    assert [finding.path for finding in answer.findings] == ["rules.1.config"]


async def test_a_file_of_another_business_makes_none(engine: Engine) -> None:
    answer = await create_business(engine, CreateBusiness(f"b{uuid4().hex}", PROGRAM.replace("SLUG", "x")))
    assert isinstance(answer, NotPublished)
    assert [finding.path for finding in answer.findings] == ["program.business"]


@pytest.mark.parametrize("slug", ["", "Über", "a b", "-a", "a" * 64])
async def test_a_slug_that_is_none_is_refused(engine: Engine, slug: str) -> None:
    answer = await create_business(engine, CreateBusiness(slug, PROGRAM))
    assert isinstance(answer, Refusal)
    assert answer.path == ("slug",)


async def test_only_a_sandbox_has_a_clock_of_its_own(engine: Engine) -> None:
    slug, then = f"b{uuid4().hex}", datetime(2011, 12, 10, tzinfo=UTC)
    wanted = CreateBusiness(slug, PROGRAM.replace("SLUG", slug), clock_at=then)
    refused = await create_business(engine, wanted)
    assert isinstance(refused, Refusal)
    assert refused.path == ("clockAt",)
    made = await create_business(engine, CreateBusiness(slug, wanted.source, sandbox=True, clock_at=then))
    assert isinstance(made, BusinessCreated)
    (version,) = await show_programs(engine, operator(made.business_id))
    assert version.published_at == then


async def test_the_same_file_again_is_unchanged(shop: Shop) -> None:
    answer = await shop.publish(shop.source)
    assert isinstance(answer, Published)
    assert (answer.version, answer.unchanged) == (1, True)
    assert len(await show_programs(shop.engine, shop.caller)) == 1


async def test_the_next_version_is_in_force_from_now(shop: Shop) -> None:
    answer = await shop.publish(shop.source.replace('"500"', '"600"'))
    assert isinstance(answer, Published)
    assert (answer.version, answer.effective_at, answer.unchanged) == (2, NOW, False)


async def test_a_version_may_take_effect_later_and_the_next_one_not_before_it(shop: Shop) -> None:
    later = NOW + timedelta(days=30)
    first = await shop.publish(shop.source.replace('"500"', '"600"'), later)
    assert isinstance(first, Published)
    assert first.effective_at == later
    second = await shop.publish(shop.source)
    assert isinstance(second, NotPublished)
    assert [finding.path for finding in second.findings] == ["effective_at"]
    third = await shop.publish(shop.source, later)
    assert isinstance(third, Published)
    assert third.version == 3


async def test_a_version_never_takes_effect_in_the_past(shop: Shop) -> None:
    answer = await shop.publish(shop.source.replace('"500"', '"600"'), NOW - timedelta(seconds=1))
    assert isinstance(answer, NotPublished)
    assert [finding.path for finding in answer.findings] == ["effective_at"]


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ('{ key = "silver" }, { key = "gold" }', '{ key = "gold" }, { key = "silver" }', {"ladders.0.tiers"}),
        ('{ key = "basic" }, ', "", {"ladders.0.tiers"}),
        ('{ key = "basic" }, ', '{ key = "new" }, { key = "basic" }, ', {"ladders.0.tiers.0"}),
        ('key = "status"', 'key = "level"', {"ladders"}),
        ("decimals = 2", "decimals = 0", {"points.0.decimals"}),
        ('timezone = "Europe/London"', 'timezone = "UTC"', {"program.timezone"}),
        ('currency = "GBP"', 'currency = "EUR"', {"program.currency"}),
        ('partner = "acme"\n', 'partner = "bolt"\n', {"rules.1.config"}),
    ],
)
async def test_what_histories_rest_on_does_not_change_without_a_plan(
    shop: Shop, old: str, new: str, paths: set[str]
) -> None:
    source = shop.source.replace(old, new)
    if old.startswith("{"):
        source = source.replace('silver = "100", gold = "500"', 'silver = "100"')
    before = await shop.rows("SELECT count(*) FROM account")
    answer = await shop.publish(source)
    assert isinstance(answer, NotPublished)
    assert {finding.path for finding in answer.findings if finding.severity == "error"} == paths
    assert await shop.rows("SELECT count(*) FROM account") == before
    assert len(await show_programs(shop.engine, shop.caller)) == 1


async def test_a_currency_that_is_gone_needs_a_plan(shop: Shop) -> None:
    renamed = shop.source.replace('key = "points"', 'key = "miles"').replace(
        '"points"\npoints', '"miles"\npoints'
    )
    answer = await shop.publish(renamed)
    assert isinstance(answer, NotPublished)
    assert [finding.path for finding in answer.findings] == ["rules.1.config", "points"]


async def test_a_promotion_that_exists_keeps_its_budget_and_a_new_funder_opens_one(shop: Shop) -> None:
    changed = shop.source.replace("budget_points = 1000 }", "budget_points = 2000 }").replace(
        "unlimited = true }", 'unlimited = true }, { partner = "cube", percent = "10", budget_points = 7 }'
    )
    answer = await shop.publish(changed)
    assert isinstance(answer, Published)
    assert [(finding.path, finding.severity) for finding in answer.warnings] == [
        ("rules.1.config", "warning")
    ]
    assert await shop.rows(BUDGETS) == [
        ("budget", "acme", 100_000, 100_000),
        ("budget", "bolt", None, None),
        ("budget", "cube", 700, 700),
        ("funding", None, None, None),
    ]


async def test_a_budget_that_is_limited_never_becomes_unlimited(shop: Shop) -> None:
    """What an unlimited budget pays is not asked for, and its account would go below zero."""
    changed = shop.source.replace("budget_points = 1000 }", "unlimited = true }")
    answer = await shop.publish(changed)
    assert isinstance(answer, NotPublished)
    assert [(each.path, each.severity) for each in answer.findings] == [("rules.1.config", "error")]


async def test_the_name_and_language_of_the_newest_program_are_the_businesss(shop: Shop) -> None:
    await shop.publish(shop.source.replace('"Acme Club"', '"Acme Circle"\nlocale = "zh"'))
    assert await shop.rows("SELECT name, locale FROM business") == [("Acme Circle", "zh")]


async def test_publications_of_one_business_at_the_same_time_follow_each_other(shop: Shop) -> None:
    sources = [shop.source.replace('"500"', f'"{500 + n}"') for n in range(1, 9)]
    answers = await asyncio.gather(*map(shop.publish, sources))
    assert sorted(answer.version for answer in answers if isinstance(answer, Published)) == list(range(2, 10))


async def test_publishing_for_a_business_that_is_not_there_is_an_error(engine: Engine) -> None:
    with pytest.raises(LookupError):
        await publish_program(engine, operator(UUID(int=1)), PROGRAM)
