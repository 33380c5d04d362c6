"""Programs as they might come, made by Hypothesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from tests.services.shop import HEAD

POINTS = """
[[points]]
key = "points"
decimals = DECIMALS
rounding = "ROUNDING"
expiry = EXPIRY
PENDING
offers = { choose = "OFFERS" }

[[points]]
key = "stars"
decimals = 0
rounding = "floor"
expiry = "never"
"""
LADDERS = """
[[ladders]]
key = "status"
tiers = [{ key = "basic" }, { key = "silver" }, { key = "gold" }]
combine = { op = "OP", of = ["spend", "visits"] }
upgrade = { at = "UPGRADE", until = UNTIL }
REVIEW
KEEPING
downgrade = { to = "DOWN"PROLONGING }
returns = "RETURNS"

[[ladders]]
key = "club"
tiers = [{ key = "guest" }, { key = "friend" }]
combine = "books"
upgrade = { at = "activity", until = "lifetime" }
downgrade = { to = "base" }
returns = "CLUB"
"""
RULES = """
[[rules]]
id = "spend"
rule = "tier_spend"
config = { window = WINDOW, net = NET, thresholds = { silver = "50", gold = "120" } }

[[rules]]
id = "visits"
rule = "tier_frequency"
config = { count = "COUNT", window = { rolling_months = 6 }, thresholds = { silver = 2, gold = 4 } }

[[rules]]
id = "books"
rule = "tier_spend"
config = { window = "lifetime", categories = ["books"], thresholds = { friend = "30" } }

[[rules]]
id = "kept"
rule = "tier_spend"
config = { window = { rolling_days = 60 }, thresholds = { silver = "20", gold = "60" } }

[[rules]]
id = "earn"
rule = "earn_purchase"
[rules.config]
currency = "points"
rates = { basic = "1", silver = "1.5", gold = "2" }
bonus_percent = { gold = "10" }
ladder = "status"
negative = "take_back"
caps = [{ period = "month", points = 90 }]

[[rules]]
id = "shelf"
rule = "earn_purchase"
config = { currency = "stars", categories = ["books"], rate = "0.3", negative = "zero" }

[[rules]]
id = "double"
rule = "partner_rewards"
[rules.config]
partner = "acme"
currency = "points"
eligible = { channels = ["web"] }
multiple = "2"
caps = [{ period = "month", points = 40, times = 3 }]
EXHAUSTED
QUOTA
funding = [
    { partner = "acme", percent = "60", BUDGET },
    { partner = "bolt", percent = "30", unlimited = true },
]

[[rules]]
id = "welcome"
rule = "partner_rewards"
[rules.config]
partner = "bolt"
currency = "points"
points = 7
once_per_member = true
audience = { segments = ["vip"] }
funding = [{ partner = "bolt", percent = "100", unlimited = true }]
"""

CHOICES: Mapping[str, Sequence[str]] = {
    "DECIMALS": ("0", "2"),
    "ROUNDING": ("toward_zero", "half_up", "floor"),
    "EXPIRY": (
        '"never"',
        "{ months = 2 }",
        "{ days = 20 }",
        '{ months = 12, then = "end_of_month" }',
        '{ idle_months = 2, kept_by = ["purchase"] }',
    ),
    "PENDING": ("", "", "pending = { days = 14 }", "pending = { days = 60, confirmed = true }"),
    "OFFERS": ("best", "all"),
    "OP": ("any_of", "all_of"),
    "UPGRADE": ("activity", "review"),
    "UNTIL": (
        '{ end_of = "month" }',
        "{ months = 2 }",
        '{ end_of = "quarter", plus_months = 3 }',
        '"lifetime"',
    ),
    "REVIEW": (
        "",
        'review = { every = "month", until = { end_of = "month" } }',
        'review = { every = "quarter", until = { months = 4 } }',
        'review = { dates = ["02-01", "05-15"], until = { months = 4 } }',
    ),
    "KEEPING": ("", 'keep = "books"', 'keep = { op = "any_of", of = ["books", "kept"] }'),
    "PROLONGING": (
        "",
        "",
        ", grace_days = 40",
        ", notice_days = 7",
        ", notice_days = 45",
        ", grace_days = 10, notice_days = 20",
    ),
    "DOWN": ("qualified", "one_step", "base"),
    "WINDOW": ('"lifetime"', "{ rolling_days = 40 }", '{ calendar = "month" }', '"anniversary"'),
    "NET": ("true", "true", "false"),
    "COUNT": ("local_days", "activities"),
}
RETURNS = ("undo", "from_now", "at_review", "never")


UNRATIONED = {"BUDGET": "unlimited = true", "EXHAUSTED": "", "QUOTA": ""}


def programs(returns: str | None = None, *, rationed: bool = False) -> st.SearchStrategy[str]:
    """Program files; those that ration nothing promise that the order of arrival does not matter."""
    policies = st.sampled_from(RETURNS) if returns is None else st.just(returns)
    given = {name: st.sampled_from(values) for name, values in CHOICES.items()}
    ration = (
        {
            "BUDGET": st.sampled_from(("budget_points = 15", "budget_points = 60", "unlimited = true")),
            "QUOTA": st.sampled_from(("", "quota = 1", "quota = 4")),
            "EXHAUSTED": st.sampled_from([f'exhausted = "{word}"' for word in ("reduce", "none", "next")]),
        }
        if rationed
        else {name: st.just(value) for name, value in UNRATIONED.items()}
    )
    return st.fixed_dictionaries({**given, **ration, "RETURNS": policies, "CLUB": policies}).map(_written)


def _written(chosen: Mapping[str, str]) -> str:
    source = HEAD + POINTS + LADDERS + RULES
    for name, value in chosen.items():
        source = source.replace(name, value)
    return source
