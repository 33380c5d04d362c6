"""What is said to members of every kind of condition, in each language and in one that falls back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from loyalty_engine.services.engine import Engine
from tests.api.shop import Shop, open_shop
from tests.api.test_notices import ANNOUNCING, come

RULES = {
    "spend": 'tier_spend", { window = "lifetime", thresholds = { gold = 2 } }',
    "visits": 'tier_frequency", { count = "activities", window = "lifetime", thresholds = { gold = 2 } }',
    "days": 'tier_frequency", { count = "local_days", window = "lifetime", thresholds = { gold = 2 } }',
    "units": 'tier_frequency", { count = "units", window = "lifetime", thresholds = { gold = 2 } }',
    "tenure": 'tier_tenure", { unit = "months", thresholds = { gold = 700 } }',
    "stars": 'tier_points", { currency = "stars", window = "lifetime", thresholds = { gold = 2 } }',
    "points": 'tier_points", { currency = "points", window = "lifetime", thresholds = { gold = 2 } }',
    "engaged": 'tier_engagement", { weights = { review = 3, share = 1 }, window = "lifetime", '
    "thresholds = { gold = 2 } }",
    "score": 'tier_score", { scores = { growth = "0.5" }, thresholds = { gold = 2 } }',
    "air": 'tier_partner_status", { key = "skyways", statuses = { top = "gold" } }',
    "card": 'tier_grant", { tier = "gold", steps = ["pay"], fee = "10", term = "lifetime" }',
}
POINTS = '[[points]]\nkey = "{key}"\n{name}decimals = 0\nrounding = "floor"\nexpiry = "never"\n'
TREE = ", ".join(f'"{rule}"' for rule in RULES)
FILE = (
    '[program]\nbusiness = "SLUG"\nname = "Shop"\ntimezone = "Asia/Shanghai"\ncurrency = "CNY"\n'
    + POINTS.format(key="points", name="")
    + POINTS.format(key="stars", name='name = { en = "Stars", zh-Hans = "星星" }\n')
    + f"""
[[ladders]]
key = "status"
tiers = [
    {{ key = "basic", name = {{ en = "Basic", zh = "普通" }} }},
    {{ key = "gold", name = {{ en = "Gold", zh = "金卡", fr = "Or" }} }},
]
combine = {{ op = "any_of", of = [{TREE}] }}
upgrade = {{ at = "activity", until = "lifetime" }}
downgrade = {{ to = "base" }}
returns = "never"
"""
    + "".join(
        f'[[rules]]\nid = "{key}"\nrule = "{written.partition(", ")[0]}\nconfig = '
        f"{written.partition(', ')[2]}\n"
        for key, written in RULES.items()
    )
)
PROGRAM_OF_EVERYTHING = FILE.replace("{", "{{").replace("}", "}}").replace("SLUG", "{slug}")
SAID = """
query ($locale: String) {
  business { program { ladders {
    tiers { name(locale: $locale) requirements { message(locale: $locale) } }
  } } }
  member(by: {externalId: "anna"}) { standing {
    progress { rule { key } message(locale: $locale) }
    why(tier: "gold") { nodes { rule { key } reasons { message(locale: $locale) } } }
  } }
}
"""
OWN = {"CNY"}
"""What is the same in every language."""


@pytest.fixture
async def shop(engine: Engine, client: httpx.AsyncClient) -> Shop:
    """A shop with a rule of every kind, and a member of whom nothing is known."""
    shop = await open_shop(engine, client, program=PROGRAM_OF_EVERYTHING)
    await shop.enrol("anna")
    return shop


def messages(found: Any) -> Iterator[str]:
    """Every message in an answer."""
    if isinstance(found, dict):
        for name, value in found.items():
            if name in ("message", "name"):
                yield value
            else:
                yield from messages(value)
    elif isinstance(found, list):
        for each in found:
            yield from messages(each)


@pytest.mark.parametrize("locale", ["zh", "zh-Hans-CN", "ZH_cn"])
async def test_nothing_is_said_in_english_to_who_asks_in_chinese(shop: Shop, locale: str) -> None:
    said = list(messages(await shop.data(SAID, {"locale": locale})))
    assert len(said) >= 30
    for message in said:
        assert set(re.findall(r"[A-Za-z]+", message)) <= OWN, message


async def test_what_is_missing_is_said_with_its_unit(shop: Shop) -> None:
    standing = (await shop.data(SAID, {"locale": "zh"}))["member"]["standing"]
    assert {each["rule"]["key"]: each["message"] for each in standing["progress"]} == {
        "spend": "距 金卡 还差 2 CNY",
        "visits": "距 金卡 还差 2 次",
        "days": "距 金卡 还差 2 天",
        "units": "距 金卡 还差 2 件",
        "tenure": "距 金卡 还差 695 个月",
        "stars": "距 金卡 还差 2 星星",
        "points": "距 金卡 还差 2 积分",
        "engaged": "距 金卡 还差 2 分",
        "score": "距 金卡 还差 2 分",
        "air": "距 金卡 还差 1 项合作方等级",
    }
    reasons = {
        node["rule"]["key"]: [reason["message"] for reason in node["reasons"]]
        for node in standing["why"]["nodes"]
        if node["rule"] is not None
    }
    assert reasons["visits"] == ["金卡：只有 0，需要 2 次"]
    assert reasons["card"] == []


async def test_one_of_what_is_missing_is_said_in_the_singular(shop: Shop) -> None:
    await shop.buy("anna", "1.00", units="1")
    standing = (await shop.data(SAID, {"locale": "en"}))["member"]["standing"]
    said = {each["rule"]["key"]: each["message"] for each in standing["progress"]}
    assert {key: said[key] for key in ("spend", "visits", "days", "units", "stars", "air")} == {
        "spend": "1.00 CNY more for Gold",
        "visits": "1 activity more for Gold",
        "days": "1 day more for Gold",
        "units": "1 unit more for Gold",
        "stars": "2 Stars more for Gold",
        "air": "1 status at a partner more for Gold",
    }


async def test_a_language_that_is_not_spoken_falls_back_to_that_of_the_request(shop: Shop) -> None:
    """The name that the file has in that language stays."""
    found = await shop.data(SAID, {"locale": "fr-CA"}, language="it, zh;q=0.5")
    said = {each["rule"]["key"]: each["message"] for each in found["member"]["standing"]["progress"]}
    assert said["visits"] == "距 Or 还差 2 次"
    assert said["stars"] == "距 Or 还差 2 星星"
    found = await shop.data(SAID, {"locale": "fr-CA"})
    said = {each["rule"]["key"]: each["message"] for each in found["member"]["standing"]["progress"]}
    assert said["visits"] == "2 activities more for Or"


NOTICE = """
query ($locale: String) {
  member(by: {externalId: "anna"}) { standing { notice { message(locale: $locale) } } }
}
"""


async def test_a_notice_is_said_in_the_language_asked_for(engine: Engine, client: httpx.AsyncClient) -> None:
    """On the local day on which it takes effect, which is the one before in UTC."""
    program = ANNOUNCING.replace("Europe/London", "Asia/Shanghai")
    shop = await open_shop(engine, client, program=program, clock_at=datetime(2020, 1, 1, tzinfo=UTC))
    await shop.enrol("anna", enrolledAt="2020-01-01T00:00:00Z")
    await shop.buy("anna", "1200", at="2020-01-01T00:00:00Z")
    await come(shop, "2022-01-02T00:00:00Z")
    said = [
        (await shop.data(NOTICE, {"locale": locale}))["member"]["standing"]["notice"]["message"]
        for locale in ("en", "zh", "fr")
    ]
    assert said == [
        "From 2022-01-11 on Basic, unless the tier held is reached again before.",
        "自 2022-01-11 起降至 普通，除非此前再次达到现有等级的条件。",
        "From 2022-01-11 on Basic, unless the tier held is reached again before.",
    ]
