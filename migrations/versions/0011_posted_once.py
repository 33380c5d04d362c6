"""The effects of a key are a chain: one is the first, and each is corrected by one at most."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = (
    "sha256(decode(replace((((((cause_kind || chr(10)) || cause_key) || chr(10)) || rule) || chr(10)) || slot"
    ", chr(92), repeat(chr(92), 2)), 'escape'))"
)
"""A digest, because the texts together are longer than a key of an index may be; none holds a line's end."""

# Until now what was posted, taken back and posted again could be without what it corrects. It is no figure
# that changes: what stands is the sum of the values, whatever corrects what.
CHAIN = """
UPDATE effect e SET corrects_effect_id = chained.before
FROM (SELECT business_id, effect_id, lag(effect_id) OVER (
          PARTITION BY business_id, member_id, cause_kind, cause_key, rule, slot ORDER BY effect_id) AS before
      FROM effect) chained
WHERE (chained.business_id, chained.effect_id) = (e.business_id, e.effect_id)
  AND e.corrects_effect_id IS DISTINCT FROM chained.before
"""


def upgrade() -> None:
    """Chains what is there, and adds the indexes."""
    op.execute("ALTER TABLE effect DISABLE TRIGGER effect_stays")
    op.execute(CHAIN)
    op.execute("ALTER TABLE effect ENABLE TRIGGER effect_stays")
    op.create_index(
        "effect_posted_first_once",
        "effect",
        ["business_id", "member_id", sa.text(KEY)],
        unique=True,
        postgresql_where=sa.text("corrects_effect_id IS NULL"),
    )
    op.create_index(
        "effect_corrected_once",
        "effect",
        ["business_id", "corrects_effect_id"],
        unique=True,
        postgresql_where=sa.text("corrects_effect_id IS NOT NULL"),
    )
