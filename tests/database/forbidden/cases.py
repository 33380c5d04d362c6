"""Forbidden statements: how they are said, and what each kind of refusal looks like."""

from __future__ import annotations

from dataclasses import dataclass

from tests.database.crowded import copied

RIGHT = "42501"
STAYS = "23001"
CHECK = "23514"
UNIQUE = "23505"
FOREIGN = "23503"
NOT_NULL = "23502"


@dataclass(frozen=True)
class Case:
    """A statement that is refused in this way, and one that is allowed and concerns a row at least."""

    refused: str
    state: str
    constraint: str | None
    allowed: str


def taken(account: str, units: int, into: str = "breakage", **changes: str) -> str:
    """Units moved out of an account, with changes of the transfer."""
    moved = {"debit_account_id": f":{account}", "credit_account_id": f":{into}", "amount": str(units)}
    return of_transfer(**moved, **changes)


def of_transfer(**changes: str) -> str:
    """The transfer once more, with changes."""
    return copied("transfer", "transfer_id = :transfer", **{"transfer_id": ":new", **changes})


def in_parts(amounts: str, *, debit: str = ":wallet", credit: str = ":breakage") -> str:
    """Amounts, which are an array, moved by one statement."""
    moved = of_transfer(
        transfer_id="gen_random_uuid()", debit_account_id=debit, credit_account_id=credit, amount="part"
    )
    return moved.replace("FROM transfer t", f"FROM transfer t, unnest({amounts}::bigint[]) part")


def of_effect(effect: str = "spare", **changes: str) -> str:
    """An effect once more, under a key of its own and with changes."""
    return copied("effect", f"effect_id = :{effect}", **{"effect_id": ":new", "slot": ":new", **changes})


def of_fact(fact: str = "fact", **changes: str) -> str:
    """A fact once more, under a natural key of its own and with changes."""
    return copied("fact", f"fact_id = :{fact}", **{"fact_id": ":new", "external_id": ":new", **changes})


def of_standing(**changes: str) -> str:
    """The standing once more, with changes."""
    return copied(
        "standing",
        "standing_id = :standing",
        **{"standing_id": ":new", "effect_id": ":spare", **changes},
    )


def there(table: str, column: str, name: str) -> str:
    """That the row is there and seen, so that it is not missed by accident."""
    return f"SELECT FROM {table} WHERE {column} = :{name}"


BACK = {"debit_account_id": ":wallet", "credit_account_id": ":issuance", "reverses_transfer_id": ":transfer"}
REST = {"debit_account_id": ":second_wallet", "credit_account_id": ":issuance"}
LATER = "t.recorded_at + interval '5 minutes 1 second'"
SOON = "t.recorded_at + interval '5 minutes'"
NEXT = "t.effective_at + interval '1 second'"
LARGEST = "9000000000000000"
