"""Points are neither made nor lost, and nobody has less than nothing."""

from __future__ import annotations

from tests.database.crowded import copied
from tests.database.forbidden.cases import (
    BACK,
    CHECK,
    FOREIGN,
    LARGEST,
    LATER,
    REST,
    RIGHT,
    SOON,
    STAYS,
    UNIQUE,
    Case,
    in_parts,
    of_transfer,
    taken,
    there,
)

POINTS = {
    "a wallet is overdrawn": Case(taken("wallet", 11), CHECK, "account_floor_check", taken("wallet", 10)),
    "a wallet is overdrawn in parts": Case(
        f"{taken('wallet', 6)}; {taken('wallet', 5)}",
        CHECK,
        "account_floor_check",
        f"{taken('wallet', 6)}; {taken('wallet', 4)}",
    ),
    "a wallet is overdrawn by one statement in parts": Case(
        in_parts("ARRAY[6, 5]"), CHECK, "account_floor_check", in_parts("ARRAY[6, 4]")
    ),
    "pending points fall below zero": Case(
        taken("pending", 11), CHECK, "account_floor_check", taken("pending", 10)
    ),
    "held points fall below zero": Case(taken("held", 11), CHECK, "account_floor_check", taken("held", 10)),
    "a debt becomes a credit": Case(
        taken("breakage", 11, "debt"), CHECK, "account_floor_check", taken("breakage", 10, "debt")
    ),
    "a budget is overrun": Case(taken("budget", 11), CHECK, "account_floor_check", taken("budget", 10)),
    "a quota is overrun": Case(
        taken("quota", 11, "used", currency="'#awards'"),
        CHECK,
        "account_floor_check",
        taken("quota", 10, "used", currency="'#awards'"),
    ),
    "a quota has no limit": Case(
        copied("account", "account_id = :quota", account_id=":new", currency="'stars'", balance="NULL"),
        CHECK,
        "account_floor_check",
        copied("account", "account_id = :quota", account_id=":new", currency="'stars'", balance="0"),
    ),
    "a quota is of no promotion": Case(
        copied("account", "account_id = :quota", account_id=":new", promotion_id="NULL", balance="0"),
        CHECK,
        "account_promotion_of_its_kind_check",
        copied("account", "account_id = :used", account_id=":new", currency="'stars'"),
    ),
    "a balance is set": Case(
        "UPDATE account SET balance = 11 WHERE account_id = :wallet",
        RIGHT,
        None,
        "SELECT FROM account WHERE account_id = :wallet AND balance = 10 FOR NO KEY UPDATE",
    ),
    "a balance is set where an account is there already": Case(
        copied("account", "account_id = :wallet", account_id=":new", balance="0")
        + " ON CONFLICT ON CONSTRAINT account_of_its_kind_key DO UPDATE SET balance = 11",
        RIGHT,
        None,
        there("account", "account_id", "wallet"),
    ),
    "an account is older than it is": Case(
        "UPDATE account SET created_at = '2026-01-01Z' WHERE account_id = :wallet",
        STAYS,
        None,
        there("account", "account_id", "wallet"),
    ),
    "an account is opened with points": Case(
        copied("account", "account_id = :wallet", account_id=":new", currency="'stars'", balance="1"),
        CHECK,
        "account_opens_empty",
        copied("account", "account_id = :wallet", account_id=":new", currency="'stars'", balance="0"),
    ),
    "an account is opened with a debt": Case(
        copied("account", "account_id = :debt", account_id=":new", currency="'stars'", balance="-1"),
        CHECK,
        "account_opens_empty",
        copied("account", "account_id = :debt", account_id=":new", currency="'stars'", balance="0"),
    ),
    "a wallet keeps no balance": Case(
        copied("account", "account_id = :wallet", account_id=":new", currency="'stars'", balance="NULL"),
        CHECK,
        "account_floor_check",
        copied("account", "account_id = :breakage", account_id=":new", currency="'stars'", balance="NULL"),
    ),
    "a balance is larger than a balance may be": Case(
        of_transfer(amount=f"{LARGEST} - 9"),
        CHECK,
        "account_balance_bounds_check",
        of_transfer(amount=f"{LARGEST} - 10"),
    ),
    "a balance is larger than any number": Case(
        in_parts(f"array_fill({LARGEST}, ARRAY[1100])", debit=":issuance", credit=":wallet"),
        CHECK,
        "account_balance_bounds_check",
        in_parts(f"array_fill({LARGEST}, ARRAY[1100])", debit=":issuance", credit=":breakage"),
    ),
    "a member has two wallets of a currency": Case(
        copied("account", "account_id = :wallet", account_id=":new", balance="0"),
        UNIQUE,
        "account_of_its_kind_key",
        copied("account", "account_id = :wallet", account_id=":new", currency="'stars'", balance="0"),
    ),
    "an account becomes another member's": Case(
        "UPDATE account SET member_id = :second WHERE account_id = :miles",
        RIGHT,
        None,
        there("account", "account_id", "miles"),
    ),
    "nothing is moved": Case(
        of_transfer(amount="0"), CHECK, "transfer_amount_bounds_check", of_transfer(amount="1")
    ),
    "less than nothing is moved": Case(
        of_transfer(amount="-10"), CHECK, "transfer_amount_bounds_check", of_transfer(amount="10")
    ),
    "more is moved than there can be": Case(
        of_transfer(amount=f"{LARGEST} + 1"),
        CHECK,
        "transfer_amount_bounds_check",
        of_transfer(amount=LARGEST, credit_account_id=":breakage"),
    ),
    "points are moved to where they were": Case(
        of_transfer(debit_account_id=":wallet"),
        CHECK,
        "transfer_two_accounts_check",
        of_transfer(debit_account_id=":second_wallet"),
    ),
    "points of one currency become another one's": Case(
        of_transfer(debit_account_id=":miles"),
        FOREIGN,
        "transfer_business_id_debit_account_id_currency_fkey",
        of_transfer(debit_account_id=":second_wallet"),
    ),
    "points are moved in the future": Case(
        of_transfer(effective_at=LATER),
        CHECK,
        "transfer_not_in_the_future_check",
        of_transfer(effective_at=SOON),
    ),
    "points are moved without a reason": Case(
        of_transfer(effect_id="NULL", member_id="NULL"),
        CHECK,
        "transfer_effect_of_its_code_check",
        of_transfer(effect_id="NULL", member_id="NULL", code="'open_budget'"),
    ),
    "more is reversed than was moved": Case(
        of_transfer(**BACK, amount="11"),
        CHECK,
        "transfer_reversals_within",
        of_transfer(**BACK, amount="10"),
    ),
    "more is reversed in two parts than was moved": Case(
        f"{of_transfer(**BACK, amount='6')}; {of_transfer(**BACK, amount='5')}",
        CHECK,
        "transfer_reversals_within",
        f"{of_transfer(**BACK, amount='6')}; {of_transfer(**BACK, amount='4')}",
    ),
    "a reversal takes from another account": Case(
        of_transfer(**{**BACK, **REST}, amount="1"),
        CHECK,
        "transfer_reversal_goes_back",
        of_transfer(**BACK, amount="1"),
    ),
    "a reversal goes the same way": Case(
        of_transfer(reverses_transfer_id=":transfer"),
        CHECK,
        "transfer_reversal_goes_back",
        of_transfer(**BACK),
    ),
    "points of a lot expire twice": Case(
        "UPDATE lot SET expired = expired + 4 WHERE lot_id = :lot",
        CHECK,
        "lot_parts_check",
        "UPDATE lot SET expired = expired + 4, remaining = remaining - 4 WHERE lot_id = :lot",
    ),
    "a lot has less than nothing left": Case(
        "UPDATE lot SET remaining = -1 WHERE lot_id = :lot",
        CHECK,
        "lot_parts_check",
        "UPDATE lot SET remaining = 0 WHERE lot_id = :lot",
    ),
    "one earning makes two lots": Case(
        copied("lot", "lot_id = :lot", lot_id=":new"),
        UNIQUE,
        "lot_business_id_member_id_cause_kind_cause_key_rule_slot_key",
        copied("lot", "lot_id = :lot", lot_id=":new", slot="'points/points/more'"),
    ),
    "a spending uses one lot twice": Case(
        copied("point_use", "lot_id = :lot", point_use_id=":new"),
        UNIQUE,
        "point_use_of_a_lot_key",
        copied("point_use", "lot_id = :lot", point_use_id=":new", slot="'another'"),
    ),
    "a spending owes twice": Case(
        "; ".join([copied("point_use", "lot_id = :lot", point_use_id=":new", lot_id="NULL")] * 2),
        UNIQUE,
        "point_use_of_a_lot_key",
        copied("point_use", "lot_id = :lot", point_use_id=":new", lot_id="NULL"),
    ),
    "a spending uses less than nothing": Case(
        "UPDATE point_use SET amount = -1 WHERE lot_id = :lot",
        CHECK,
        "point_use_amount_bounds_check",
        "UPDATE point_use SET amount = 0 WHERE lot_id = :lot",
    ),
    "more is captured than was held": Case(
        "UPDATE hold SET captured = 6 WHERE hold_id = :hold",
        CHECK,
        "hold_captured_bounds_check",
        "UPDATE hold SET captured = 4 WHERE hold_id = :hold",
    ),
    "a hold is given back and captured": Case(
        "UPDATE hold SET state = 'voided' WHERE hold_id = :hold",
        CHECK,
        "hold_captured_of_its_state_check",
        "UPDATE hold SET state = 'voided', captured = 0 WHERE hold_id = :hold",
    ),
    "a hold is for more afterwards": Case(
        "UPDATE hold SET amount = 50 WHERE hold_id = :hold", RIGHT, None, there("hold", "hold_id", "hold")
    ),
    "a limit is counted down below zero": Case(
        "UPDATE counter SET used = -1 WHERE member_id = :member",
        CHECK,
        "counter_used_bounds_check",
        "UPDATE counter SET used = 0 WHERE member_id = :member",
    ),
}
