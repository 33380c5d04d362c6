"""Quotas: how many awards of a promotion all members share."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

EFFECT_KINDS = ("points", "standing", "claim", "withdrawal", "caused", "quota")
ACCOUNT_KINDS = (
    "wallet",
    "debt",
    "pending",
    "held",
    "issuance",
    "breakage",
    "redeemed",
    "adjustment",
    "clearing",
    "budget",
    "quota",
    "used",
    "funding",
    "stock",
    "supplied",
    "delivered",
)
TRANSFER_CODES = (
    "earn",
    "partner_award",
    "repay_debt",
    "expire",
    "take_back",
    "owe",
    "open_budget",
    "withhold",
    "release",
    "redeem",
    "give_back",
    "hold",
    "unhold",
    "capture",
    "send",
    "receive",
    "give",
    "use_quota",
    "adjust",
    "supply",
    "write_off",
    "deliver",
    "restock",
)


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _replace_check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(f"{table}_{name}_check", table, type_="check")
    op.create_check_constraint(sa.schema.conv(f"{table}_{name}_check"), table, condition)


def upgrade() -> None:
    """Adds the kinds of accounts and of effects, and the code."""
    _replace_check("effect", "kind", f"kind IN ({_listed(EFFECT_KINDS)})")
    _replace_check("account", "kind", f"kind IN ({_listed(ACCOUNT_KINDS)})")
    _replace_check(
        "account", "promotion_of_its_kind", "(kind IN ('budget', 'quota')) = (promotion_id IS NOT NULL)"
    )
    _replace_check(
        "account",
        "floor",
        "CASE WHEN kind IN ('wallet', 'pending', 'held', 'quota') THEN balance IS NOT NULL AND balance >= 0"
        " WHEN kind = 'debt' THEN balance IS NOT NULL AND balance <= 0"
        " WHEN kind IN ('budget', 'stock') THEN balance IS NULL OR balance >= 0 ELSE balance IS NULL END",
    )
    _replace_check("transfer", "code", f"code IN ({_listed(TRANSFER_CODES)})")
