"""Members behind a version are found through their index, without those who are not behind."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

DUE = """
CREATE OR REPLACE FUNCTION due(now timestamptz, at_most integer)
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
        (SELECT b.business_id, 'boundary', behind.member_id, v.effective_at, behind.place
         FROM (SELECT max(p.version) AS version, max(p.effective_at) AS effective_at
               FROM public.program_version p
               WHERE p.business_id = b.business_id AND p.effective_at <= coalesce(b.clock_at, $1)) v
         CROSS JOIN LATERAL (
             SELECT m.member_id, row_number() OVER (ORDER BY m.rulebook_version, m.member_id) AS place
             FROM public.member m
             WHERE m.business_id = b.business_id AND m.rulebook_version < v.version
               AND (m.next_boundary_at IS NULL OR m.next_boundary_at > coalesce(b.clock_at, $1))
             ORDER BY m.rulebook_version, m.member_id
             LIMIT $2) behind)
        UNION ALL
        (SELECT a.business_id, 'vote', a.member_id, a.closes_at,
                row_number() OVER (ORDER BY a.closes_at, a.member_id)
         FROM public.application a
         WHERE a.business_id = b.business_id AND a.closes_at <= coalesce(b.clock_at, $1)
         ORDER BY a.closes_at, a.member_id
         LIMIT $2)
        UNION ALL
        SELECT b.business_id, 'events', NULL, NULL, 0
        WHERE EXISTS (
            SELECT FROM public.outbox o WHERE o.business_id = b.business_id AND o.position IS NULL)
        UNION ALL
        SELECT b.business_id, 'simulation', NULL, NULL, 0
        WHERE EXISTS (
            SELECT FROM public.simulation s
            WHERE s.business_id = b.business_id AND s.state IN ('queued', 'running'))
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
    """The version is known before the first member is looked at."""
    op.execute(DUE)
