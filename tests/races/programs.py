"""Programs of races; `{slug}` becomes the shop's own."""

HEAD = """
[program]
business = "{slug}"
name = "Shop"
timezone = "Europe/Berlin"
currency = "EUR"

[[points]]
key = "points"
decimals = 0
rounding = "toward_zero"
expiry = "never"
"""

EARNING = (
    HEAD
    + """
[[rules]]
id = "earn"
rule = "earn_purchase"
config = {{ currency = "points", rate = "1", negative = "take_back" }}
"""
)
"""A point for every euro."""

BUDGET = (
    EARNING
    + """
[[rules]]
id = "promo"
rule = "partner_rewards"
[rules.config]
partner = "acme"
currency = "points"
points = 7
exhausted = "none"
funding = [{{ partner = "acme", percent = "100", budget_points = 100 }}]
"""
)
"""Seven more for each purchase, from a budget that has room for fourteen times that."""

QUOTA = BUDGET.replace("budget_points = 100 }}]", "unlimited = true }}]\nquota = 14")
"""Seven more for each of the first fourteen purchases."""

SPENDING = EARNING.replace('expiry = "never"', 'expiry = "never"\ntender = "1"\napproval_above = "1000"')
"""A point for every euro, and a euro for every point; large adjustments wait for a second person."""
