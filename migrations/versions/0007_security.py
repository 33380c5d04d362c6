"""Who may do what: businesses do not see each other, the application writes only what changes."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CHANGING_COLUMNS = {
    "business": "name, locale, clock_at, event_position",
    "credential": "name, expires_at, revoked_at",
    "partner": "name",
    "promotion": None,
    "program_version": None,
    "operation": "outcome",
    "member": (
        "status, last_occurred_at, last_source, last_external_id, folded_until, next_boundary_at, event_count"
    ),
    "identity": None,
    "profile": "given_name, family_name, email, phone, birth_date, locale, updated_at",
    "fact": None,
    "activity_line": None,
    "effect": None,
    "account": "balance",
    "transfer": None,
    "lot": "amount, remaining, expired, expires_at",
    "claim": "figures, withdrawn_effect_id",
    "standing": "withdrawn_effect_id",
    "current_standing": (
        "tier, since, until_at, next_review_at, standing_id,"
        " cycle_anchor, cycle_began_at, cycle_source, cycle_external_id"
    ),
    "counter": "used",
    "parked": "error, parked_at, resolved_at",
    "outbox": "position, published_at",
}
"""For each table the columns that the application may update; it may delete nowhere."""

CURRENT_BUSINESS = """
CREATE FUNCTION current_business() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('loyalty.business_id', true), '')::uuid
"""

AUTHENTICATE = """
CREATE FUNCTION authenticate(key_id text)
RETURNS TABLE (
    business_id uuid, credential_id uuid, kind text, name text, key_hash bytea, environment text,
    scopes text[], sources text[], partner_id uuid, expires_at timestamptz, revoked_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.business_id, c.credential_id, c.kind, c.name, c.key_hash, c.environment,
           c.scopes, c.sources, c.partner_id, c.expires_at, c.revoked_at
    FROM public.credential c
    WHERE c.key_id = $1
$$
"""

DUE = """
CREATE FUNCTION due(now timestamptz, at_most integer)
RETURNS TABLE (business_id uuid, work text, member_id uuid, next_boundary_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.business_id, d.work, d.member_id, d.next_boundary_at
    FROM public.business b
    CROSS JOIN LATERAL (
        (SELECT m.business_id, 'boundary' AS work, m.member_id, m.next_boundary_at,
                row_number() OVER (ORDER BY m.next_boundary_at, m.member_id) AS place
         FROM public.member m
         WHERE m.business_id = b.business_id AND m.next_boundary_at <= coalesce(b.clock_at, $1)
         ORDER BY m.next_boundary_at, m.member_id
         LIMIT $2)
        UNION ALL
        SELECT b.business_id, 'events', NULL, NULL, 0
        WHERE EXISTS (
            SELECT FROM public.outbox o WHERE o.business_id = b.business_id AND o.position IS NULL)
        UNION ALL
        SELECT b.business_id, 'repair', NULL, NULL, 0
        WHERE EXISTS (
            SELECT FROM public.parked p WHERE p.business_id = b.business_id AND p.resolved_at IS NULL)
    ) d
    ORDER BY d.place, d.next_boundary_at, d.business_id, d.work, d.member_id
    LIMIT $2
$$
"""


def upgrade() -> None:
    """Turns row-level security on for every table, and gives the application its rights."""
    for function in (CURRENT_BUSINESS, AUTHENTICATE, DUE):
        op.execute(function)
    for signature in ("authenticate(text)", "due(timestamptz, integer)"):
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO loyalty_app")
    op.execute("GRANT SELECT ON alembic_version TO loyalty_app")
    for table, columns in CHANGING_COLUMNS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY app ON {table} TO loyalty_app USING (business_id = current_business())")
        op.execute(f"CREATE POLICY owner ON {table} TO loyalty_owner USING (true)")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO loyalty_app")
        if columns is not None:
            op.execute(f"GRANT UPDATE ({columns}) ON {table} TO loyalty_app")
