"""What is done once, counted once and known by one name."""

from __future__ import annotations

from tests.database.crowded import copied
from tests.database.forbidden.cases import CHECK, RIGHT, STAYS, UNIQUE, Case, there

MADE = {
    "adjustment_id": ":new",
    "decision": "'approved'",
    "decided_by": "'credential:2'",
    "decided_at": "t.asked_at",
    "fact_id": ":fact",
}


def approved(adjustment: str, by: str, fact: str = ":fact") -> str:
    """An adjustment approved, and made by an activity."""
    return (
        f"UPDATE adjustment SET decision = 'approved', decided_by = '{by}', decided_at = asked_at, "  # noqa: S608
        f"fact_id = {fact} WHERE adjustment_id = :{adjustment}"
    )


ONCE = {
    "an outcome is changed": Case(
        """UPDATE operation SET outcome = '{"a": 2}' WHERE key = 'done'""",
        STAYS,
        None,
        """UPDATE operation SET outcome = '{"a": 2}' WHERE key = 'taken'""",
    ),
    "an outcome is forgotten": Case(
        "UPDATE operation SET outcome = NULL WHERE key = 'done'",
        STAYS,
        None,
        "UPDATE operation SET outcome = NULL WHERE key = 'taken'",
    ),
    "a key stands for another request": Case(
        "UPDATE operation SET input_hash = sha256('') WHERE key = 'done'",
        RIGHT,
        None,
        "SELECT FROM operation WHERE key = 'done'",
    ),
    "one key does two things": Case(
        copied("operation", "key = 'done'", mutation="'setClock'"),
        UNIQUE,
        "operation_pkey",
        copied("operation", "key = 'done'", mutation="'setClock'", actor="'credential:1'"),
    ),
    "two events have one number": Case(
        copied("outbox", "event_id = :event", event_id=":new", position="2"),
        UNIQUE,
        "outbox_business_id_member_id_member_sequence_key",
        copied("outbox", "event_id = :event", event_id=":new", position="2", member_sequence="2"),
    ),
    "two events have one position": Case(
        copied("outbox", "event_id = :event", event_id=":new", member_sequence="2"),
        UNIQUE,
        "outbox_business_id_position_key",
        copied("outbox", "event_id = :event", event_id=":new", member_sequence="2", position="2"),
    ),
    "an event is published twice": Case(
        "UPDATE outbox SET position = 2 WHERE event_id = :event",
        STAYS,
        None,
        "UPDATE outbox SET position = 1 WHERE event_id = :event",
    ),
    "an event tells something else": Case(
        """UPDATE outbox SET body = '{"a": 1}' WHERE event_id = :event""",
        RIGHT,
        None,
        there("outbox", "event_id", "event"),
    ),
    "two members have one external id": Case(
        copied("member", "member_id = :member", member_id=":new"),
        UNIQUE,
        "member_business_id_external_id_key",
        copied("member", "member_id = :member", member_id=":new", external_id=":new"),
    ),
    "two members are known by one card": Case(
        copied("identity", "member_id = :member", identity_id=":new", member_id=":second"),
        UNIQUE,
        "identity_business_id_kind_identity_hash_key",
        copied("identity", "member_id = :member", identity_id=":new", member_id=":second", kind="'phone'"),
    ),
    "a member joined on another day": Case(
        "UPDATE member SET joined_on = '2000-01-01' WHERE member_id = :member",
        STAYS,
        None,
        "UPDATE member SET enrolled_at = enrolled_at - interval '1 day', joined_on = joined_on - 1"
        " WHERE member_id = :member",
    ),
    "a member joined later than was known": Case(
        "UPDATE member SET enrolled_at = enrolled_at + interval '1 day', joined_on = joined_on + 1"
        " WHERE member_id = :member",
        STAYS,
        None,
        "UPDATE member SET enrolled_at = enrolled_at WHERE member_id = :member",
    ),
    "a program version is published twice": Case(
        copied("program_version", "version = 1", program_version_id=":new"),
        UNIQUE,
        "program_version_business_id_version_key",
        copied(
            "program_version",
            "version = 1",
            program_version_id=":new",
            version="2",
            effective_at="t.published_at",
        ),
    ),
    "a credential may do more": Case(
        "UPDATE credential SET scopes = '{admin}'", RIGHT, None, "UPDATE credential SET name = 'x'"
    ),
    "a business counts in another currency": Case(
        "UPDATE business SET currency = 'USD'", RIGHT, None, "UPDATE business SET name = 'x'"
    ),
    "a business that is no sandbox has a clock": Case(
        "UPDATE business SET clock_at = created_at",
        CHECK,
        "business_only_a_sandbox_has_a_clock_check",
        "UPDATE business SET clock_at = NULL",
    ),
    "the time of a member goes back": Case(
        "UPDATE member SET last_recorded_at = last_recorded_at - interval '1 s' WHERE member_id = :member",
        STAYS,
        None,
        "UPDATE member SET last_recorded_at = last_recorded_at + interval '1 s' WHERE member_id = :member",
    ),
    "an adjustment is of more points afterwards": Case(
        "UPDATE adjustment SET amount = 50 WHERE adjustment_id = :waiting",
        RIGHT,
        None,
        there("adjustment", "adjustment_id", "waiting"),
    ),
    "somebody approves their own large adjustment": Case(
        approved("waiting", "credential:1"),
        CHECK,
        "adjustment_approved_by_another_check",
        approved("waiting", "credential:2"),
    ),
    "an adjustment is approved without being made": Case(
        approved("waiting", "credential:2", fact="NULL"),
        CHECK,
        "adjustment_made_when_approved_check",
        approved("waiting", "credential:2"),
    ),
    "an adjustment is decided twice": Case(
        "UPDATE adjustment SET decision = 'approved', fact_id = :fact WHERE adjustment_id = :declined",
        STAYS,
        None,
        approved("waiting", "credential:2"),
    ),
    "two adjustments are made by one activity": Case(
        "; ".join([copied("adjustment", "adjustment_id = :waiting", **MADE)] * 2),
        UNIQUE,
        "adjustment_business_id_fact_id_key",
        copied("adjustment", "adjustment_id = :waiting", **MADE),
    ),
}
