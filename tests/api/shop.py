"""A shop of a test's own: a sandbox business with a program, and the API over it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from loyalty_api.app import create_app
from loyalty_api.settings import Settings
from loyalty_engine.clock import SystemClock
from loyalty_engine.ids import new_id
from loyalty_engine.plugins import discover
from loyalty_engine.services.businesses import BusinessCreated, CreateBusiness, create_business
from loyalty_engine.services.credentials import (
    CreateCredential,
    CredentialCreated,
    create_credential,
    operator,
)
from loyalty_engine.services.due import advance_members
from loyalty_engine.services.engine import Engine
from loyalty_engine.shipped import shipped
from loyalty_engine.store.database import Database

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SECRET = b"a secret of the tests, long enough"

PROGRAM = """
[program]
business = "{slug}"
name = "Shop"
timezone = "Europe/London"
currency = "GBP"

[[points]]
key = "points"
name = {{ en = "Points", zh = "积分" }}
decimals = 0
rounding = "toward_zero"
expiry = {{ months = 12, then = "end_of_month" }}

[[ladders]]
key = "status"
name = {{ en = "Status", zh = "等级" }}
tiers = [
    {{ key = "basic", name = {{ en = "Basic", zh = "普通" }} }},
    {{ key = "silver", name = {{ en = "Silver", zh = "银卡" }} }},
    {{ key = "gold", name = {{ en = "Gold" }} }},
]
combine = {{ op = "any_of", of = ["spend", "visits"] }}
upgrade = {{ at = "activity", until = {{ end_of = "year", plus_months = 12 }} }}
review = {{ every = "year", until = {{ end_of = "year" }} }}
downgrade = {{ to = "one_step" }}
returns = "undo"

[[rules]]
id = "spend"
rule = "tier_spend"
[rules.config]
window = {{ rolling_months = 12 }}
net = true
thresholds = {{ silver = "1000", gold = "5000" }}

[[rules]]
id = "visits"
rule = "tier_frequency"
[rules.config]
count = "activities"
window = {{ calendar = "year" }}
net = true
thresholds = {{ silver = 12, gold = 40 }}

[[rules]]
id = "earn"
rule = "earn_purchase"
[rules.config]
currency = "points"
rates = {{ basic = "1", silver = "1.25", gold = "1.5" }}
negative = "take_back"

[[rules]]
id = "promo"
rule = "partner_rewards"
[rules.config]
partner = "cards"
currency = "points"
eligible = {{ channels = ["online"] }}
multiple = "2"
funding = [ {{ partner = "cards", percent = "50", budget_points = 10000 }} ]
quota = 500
exhausted = "reduce"
"""


@dataclass
class Shop:
    """One business with its owner's key, and a client of the API."""

    engine: Engine
    client: httpx.AsyncClient
    business_id: UUID
    slug: str
    key: str
    version_id: UUID
    count: int = field(default=0)

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        language: str = "",
    ) -> httpx.Response:
        """The answer to a query, with the owner's key or another one."""
        return await self.client.post(
            "/graphql",
            content=json.dumps({"query": query, "variables": variables or {}}),
            headers={
                "authorization": f"Bearer {self.key if key is None else key}",
                "content-type": "application/json",
                "accept-language": language,
            },
        )

    async def data(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        language: str = "",
    ) -> Any:
        """The data of an answer without errors."""
        answer = await self.ask(query, variables, key=key, language=language)
        body = answer.json()
        assert "errors" not in body, body
        return body["data"]

    async def make_key(
        self, kind: str, scopes: Sequence[str] | None = None, partner: str | None = None
    ) -> str:
        """A further key of this business."""
        wanted = CreateCredential(
            kind, f"a {kind}", None if scopes is None else frozenset(scopes), partner=partner
        )
        made = await create_credential(self.engine, operator(self.business_id), wanted)
        assert isinstance(made, CredentialCreated), made
        return made.key.text

    async def enrol(self, external_id: str, **values: Any) -> Any:
        """The result of enrolling a member."""
        wanted = {
            "idempotencyKey": str(new_id()),
            "externalId": external_id,
            "enrolledAt": "2026-01-05T09:00:00Z",
            **values,
        }
        return (await self.data(ENROL, {"input": wanted}))["enrolMember"]

    async def buy(self, who: str, amount: str, at: str = "2026-03-01T10:00:00Z", **values: Any) -> Any:
        """The result of recording a purchase."""
        self.count += 1
        wanted = {
            "idempotencyKey": str(new_id()),
            "member": {"externalId": who},
            "kind": "purchase",
            "source": "till",
            "externalId": f"p{self.count}",
            "occurredAt": at,
            "amount": amount,
            **values,
        }
        return (await self.data(RECORD, {"input": wanted}))["recordActivity"]

    async def pass_time(self, now: datetime) -> None:
        """What a worker does for this business alone: other tests' members are due too."""
        while True:
            due = await self.engine.database.due(now, 1_000_000)
            own = [row for row in due if row["business_id"] == self.business_id]
            if not await advance_members(self.engine, own):
                return


REFUSED = "... on Refusal { code message retryable path }"
ENROL = f"""
mutation ($input: EnrolMemberInput!) {{
  enrolMember(input: $input) {{
    __typename
    ... on EnrolMemberSuccess {{ member {{ id externalId status }} replayed }}
    ... on AlreadyExists {{ existingId }}
    {REFUSED}
  }}
}}
"""
RECORD = f"""
mutation ($input: RecordActivityInput!) {{
  recordActivity(input: $input) {{
    __typename
    ... on RecordActivitySuccess {{
      activity {{ id externalId amount effects {{ __typename }} }}
      member {{ id standing {{ tier {{ key }} }} wallet {{ available }} }}
      effects {{
        __typename
        ... on LedgerEntry {{ id code amount message(locale: "en") }}
        ... on StandingChange {{ id from {{ key }} to {{ key }} }}
      }}
      parked {{ rule }}
      replayed
    }}
    ... on AlreadyExists {{ existingId }}
    {REFUSED}
  }}
}}
"""


def example(name: str) -> str:
    """An example programme, with a place for the slug of a business of a test's own."""
    text = Path(shipped(f"examples/programmes/{name}.toml")).read_text(encoding="utf-8")
    text = text.replace("{", "{{").replace("}", "}}")
    return re.sub(r'^business = "\w+"$', 'business = "{slug}"', text, count=1, flags=re.MULTILINE)


def engine_on(database: Database) -> Engine:
    """An engine with the installed plugins and the host's clock; sandboxes have their own."""
    return Engine(database, discover(), SystemClock(), SECRET)


async def open_shop(
    engine: Engine, client: httpx.AsyncClient, *, program: str = PROGRAM, clock_at: datetime = NOW
) -> Shop:
    """A sandbox business with this program, whose clock stands at that instant."""
    slug = f"s-{new_id()}"
    made = await create_business(engine, CreateBusiness(slug, program.format(slug=slug), True, clock_at))
    assert isinstance(made, BusinessCreated), made
    return Shop(
        engine,
        client,
        made.business_id,
        slug,
        made.owner.key.text,
        made.program.program_version_id,
    )


def client_of(engine: Engine, *, introspection: bool = True) -> httpx.AsyncClient:
    """A client of the API over the engine, without a network."""
    app = create_app(engine, Settings(introspection=introspection))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://loyalty.test")
