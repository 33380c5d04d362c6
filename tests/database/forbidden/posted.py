"""What has happened is neither changed nor posted twice."""

from __future__ import annotations

from tests.database.crowded import copied
from tests.database.forbidden.cases import (
    CHECK,
    LATER,
    NEXT,
    RIGHT,
    SOON,
    UNIQUE,
    Case,
    of_effect,
    of_fact,
    of_standing,
    there,
)


def returned(amount: str, **changes: str) -> str:
    """A return of some of the activity, under a natural key of its own."""
    own = {"fact_id": "gen_random_uuid()", "external_id": "gen_random_uuid()::text", "kind": "'return'"}
    moved = {"points": "NULL", "points_currency": "NULL", "points_terms": "NULL"}
    back = {"reverses_fact_id": ":fact", "amount": amount, "ones": "0"}
    return of_fact(**{**own, **moved, **back, **changes})


POSTED = {
    "a fact is changed": Case(
        "UPDATE fact SET amount = 1000 WHERE fact_id = :fact", RIGHT, None, there("fact", "fact_id", "fact")
    ),
    "the line of an activity is changed": Case(
        "UPDATE activity_line SET amount = 1000 WHERE fact_id = :fact",
        RIGHT,
        None,
        there("activity_line", "fact_id", "fact"),
    ),
    "an effect is changed": Case(
        "UPDATE effect SET value = 1000 WHERE effect_id = :effect",
        RIGHT,
        None,
        there("effect", "effect_id", "effect"),
    ),
    "a transfer is changed": Case(
        "UPDATE transfer SET amount = 1000 WHERE transfer_id = :transfer",
        RIGHT,
        None,
        there("transfer", "transfer_id", "transfer"),
    ),
    "a program version is changed": Case(
        "UPDATE program_version SET source = 'x' WHERE program_version_id = :program",
        RIGHT,
        None,
        there("program_version", "program_version_id", "program"),
    ),
    "a standing says another tier": Case(
        "UPDATE standing SET to_tier = 'gold' WHERE standing_id = :standing",
        RIGHT,
        None,
        "UPDATE standing SET withdrawn_effect_id = :spare WHERE standing_id = :standing",
    ),
    "two standings have one place": Case(
        of_standing(), UNIQUE, "standing_place", of_standing(effective_at=NEXT)
    ),
    "an effect makes two standings": Case(
        of_standing(effective_at=NEXT, effect_id=":standing_effect"),
        UNIQUE,
        "standing_business_id_effect_id_key",
        of_standing(effective_at=NEXT),
    ),
    "a claim is on another tier": Case(
        "UPDATE claim SET tier = 'silver' WHERE claim_id = :claim",
        RIGHT,
        None,
        "UPDATE claim SET figures = '{}' WHERE claim_id = :claim",
    ),
    "a claim ends before it begins": Case(
        copied(
            "claim",
            "claim_id = :claim",
            claim_id=":new",
            effect_id=":spare",
            until_at="t.from_at",
        ),
        CHECK,
        "claim_until_after_from_check",
        copied(
            "claim",
            "claim_id = :claim",
            claim_id=":new",
            effect_id=":spare",
            until_at="t.from_at + interval '1 s'",
        ),
    ),
    "an effect is posted a second time under its key": Case(
        of_effect(slot="t.slot"),
        UNIQUE,
        "effect_posted_first_once",
        of_effect(slot="t.slot", corrects_effect_id=":spare", value="-10"),
    ),
    "an effect is corrected twice": Case(
        of_effect("corrected", slot="t.slot", corrects_effect_id=":corrected"),
        UNIQUE,
        "effect_corrected_once",
        of_effect("corrected", slot="t.slot", corrects_effect_id=":correction"),
    ),
    "an effect changes nothing": Case(
        of_effect(value="0"), CHECK, "effect_value_not_zero_check", of_effect(value="-1")
    ),
    "a standing is posted twice at once": Case(
        of_effect(kind="'standing'", value="2"),
        CHECK,
        "effect_value_of_its_kind_check",
        of_effect(kind="'standing'", value="1"),
    ),
    "an effect lies in the future": Case(
        of_effect(effective_at=LATER), CHECK, "effect_not_in_the_future_check", of_effect(effective_at=SOON)
    ),
    "a fact lies in the future": Case(
        of_fact(occurred_at=LATER), CHECK, "fact_not_in_the_future_check", of_fact(occurred_at=SOON)
    ),
    "two facts have one natural key": Case(
        of_fact(external_id="t.external_id"), UNIQUE, "fact_business_id_source_external_id_key", of_fact()
    ),
    "a return adds": Case(
        of_fact(reverses_fact_id=":fact", amount="1", ones="0"),
        CHECK,
        "fact_a_reversal_takes_away_check",
        of_fact(reverses_fact_id=":fact", amount="-1", ones="0"),
    ),
    "more is returned than was bought": Case(returned("-11"), CHECK, "fact_returns_within", returned("-10")),
    "more is returned in two parts than was bought": Case(
        returned("-part").replace("FROM fact t", "FROM fact t, unnest('{6,5}'::int[]) part"),
        CHECK,
        "fact_returns_within",
        returned("-part").replace("FROM fact t", "FROM fact t, unnest('{6,4}'::int[]) part"),
    ),
    "more units are returned than were bought": Case(
        returned("-1", units="-1"), CHECK, "fact_returns_within", returned("-1", units="0")
    ),
    "something is returned whole twice": Case(
        returned("-part", ones="-1").replace("FROM fact t", "FROM fact t, unnest('{6,4}'::int[]) part"),
        UNIQUE,
        "fact_returned_whole",
        returned("-10", ones="-1"),
    ),
    "somebody returns what another member bought": Case(
        returned("-1", member_id=":second"), CHECK, "fact_returned_by_its_member", returned("-1")
    ),
    "more is granted than asked for": Case(
        of_fact("answer", granted="11"), CHECK, "fact_granted_bounds_check", of_fact("answer", granted="9")
    ),
    "a hold is captured twice": Case(
        of_fact("capture"), UNIQUE, "fact_closing_a_hold", of_fact("capture", about_fact_id=":fact")
    ),
    "a hold that was captured is given back too": Case(
        of_fact("capture", kind="'void'"),
        UNIQUE,
        "fact_closing_a_hold",
        of_fact("capture", kind="'void'", about_fact_id=":fact"),
    ),
}
