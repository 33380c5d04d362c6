"""What one member's history causes in another's: gifts, and a referrer who is a member."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOVING_KINDS = ("redemption", "hold", "capture", "void", "transfer", "receipt", "gift", "adjustment")
ABOUT_KINDS = ("capture", "void", "confirmation", "receipt", "gift")
EFFECT_KINDS = ("points", "standing", "claim", "withdrawal", "caused")
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
    "adjust",
)

# A referrer that was never a member can be given nothing.
NOBODY = """
UPDATE member SET referred_by = NULL
WHERE referred_by = external_id OR NOT EXISTS (
    SELECT FROM member r WHERE r.business_id = member.business_id AND r.external_id = member.referred_by)
"""


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _replace_check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(f"{table}_{name}_check", table, type_="check")
    op.create_check_constraint(sa.schema.conv(f"{table}_{name}_check"), table, condition)


def upgrade() -> None:
    """Adds the kinds and the reference."""
    _replace_check(
        "fact",
        "points_of_their_kind",
        "reverses_fact_id IS NOT NULL OR (points_currency IS NOT NULL) ="
        f" (kind IS NOT NULL AND kind IN ({_listed(MOVING_KINDS)}))",
    )
    _replace_check(
        "fact",
        "about_of_its_kind",
        f"about_fact_id IS NOT NULL OR kind NOT IN ({_listed(ABOUT_KINDS)}) OR reverses_fact_id IS NOT NULL",
    )
    _replace_check("effect", "kind", f"kind IN ({_listed(EFFECT_KINDS)})")
    _replace_check("effect", "value_of_its_kind", "kind IN ('points', 'caused') OR value IN (-1, 1)")
    _replace_check("transfer", "code", f"code IN ({_listed(TRANSFER_CODES)})")
    op.execute(NOBODY)
    op.create_foreign_key(
        "member_business_id_referred_by_fkey",
        "member",
        "member",
        ["business_id", "referred_by"],
        ["business_id", "external_id"],
    )
    op.create_check_constraint(
        sa.schema.conv("member_referred_by_another_check"), "member", "referred_by <> external_id"
    )
    op.create_index(
        "member_by_referrer",
        "member",
        ["business_id", "referred_by"],
        postgresql_where=sa.text("referred_by IS NOT NULL"),
    )
