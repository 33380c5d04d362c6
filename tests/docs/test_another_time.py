"""The question about another time on the page of concepts is answered as it shows."""

import json
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from loyalty_engine.services.credentials import CreateCredential, CredentialCreated, create_credential
from loyalty_engine.store.database import Database
from tests.api.shop import Shop, client_of
from tests.docs.pages import ROOT, Block, blocks_of
from tests.services.shop import new_shop

BLOCKS = blocks_of((ROOT / "docs" / "concepts.md").read_text(encoding="utf-8"))
LONDON = ZoneInfo("Europe/London")
APRIL, MAY, LATER = (datetime(2026, month, 2, 12, tzinfo=LONDON) for month in (4, 5, 6))


def last_before(index: int, language: str, word: str) -> Block:
    """The block of that language and word that the page shows last before another one."""
    return [block for block in BLOCKS[:index] if (block.language, block.words[:1]) == (language, (word,))][-1]


async def test_the_question_about_another_time_is_answered_as_shown(app_database: Database) -> None:
    (index,) = [index for index, block in enumerate(BLOCKS) if block.language == "graphql"]
    head, program = last_before(index, "toml", "every-program"), last_before(index, "toml", "program")
    source = (head.text + program.text).replace('"acme"', '"SLUG"')
    shop = await new_shop(app_database, source, clock_at=APRIL)
    await shop.enrol("ann", enrolled_at=datetime(2026, 1, 1, tzinfo=LONDON))
    facts = json.loads(last_before(index, "json", "facts").text)
    for fact in sorted(facts, key=lambda fact: fact.get("late", False)):
        await shop.set_clock(MAY if fact.get("late") else APRIL)
        at = datetime.fromisoformat(fact["at"]).replace(tzinfo=LONDON)
        await shop.buy(Decimal(fact["amount"]), at, external_id=fact["id"])
    await shop.set_clock(LATER)
    made = await create_credential(shop.engine, shop.caller, CreateCredential("owner", "the page"))
    assert isinstance(made, CredentialCreated), made
    async with client_of(shop.engine) as client:
        api = Shop(shop.engine, client, shop.business_id, shop.slug, made.key.text, shop.business_id)
        found = await api.data(BLOCKS[index].text)
    assert found["member"] == json.loads(BLOCKS[index + 1].text)
