"""Wallets: which points are used first, what is owed, and that nothing is ever lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from loyalty_engine.ledger.effects import Cause, EffectKey
from loyalty_engine.ledger.lots import Lot, Place
from loyalty_engine.ledger.wallet import Hold, Wallet
from tests.rating.random_settings import PROPERTY

START = datetime(2024, 1, 1, tzinfo=UTC)


def at(day: int) -> datetime:
    return START + timedelta(days=day)


def key(name: str, line: str = "x") -> EffectKey:
    return EffectKey(Cause("activity", name), "", line)


def place(name: str, day: int = 0) -> Place:
    return (at(day), "till", name)


def own_end(lot: Lot) -> datetime | None:
    return lot.expires_at


def lot(
    name: str,
    amount: int,
    ends_on: int | None = None,
    *,
    earned_on: int = 0,
    pending_until: int | None = None,
) -> Lot:
    """A lot of a source of that name; its end, earning and release in days from the start."""
    ends = None if ends_on is None else at(ends_on)
    released = None if pending_until is None else at(pending_until)
    return Lot(
        key(name), place(name, earned_on), amount, amount, 0, ends, (), pending_until is not None, released
    )


def holding(*lots: Lot) -> Wallet:
    wallet = Wallet()
    for each in lots:
        wallet.earn(each)
    return wallet


def used(wallet: Wallet, name: str) -> dict[str | None, int]:
    parts = wallet.spendings[key(name)].parts
    return {None if name is None else name.cause.key: units for name, units in parts.items()}


def test_the_lot_that_expires_first_is_used_first_and_one_without_end_last() -> None:
    wallet = holding(lot("never", 10), lot("late", 10, 20, earned_on=1), lot("early", 10, 10, earned_on=2))
    assert wallet.spend(key("s"), place("s", 3), 25) == {"owed": 0}
    assert used(wallet, "s") == {"early": 10, "late": 10, "never": 5}


def test_of_lots_that_expire_together_the_one_first_in_the_order_of_the_fold_is_used_first() -> None:
    wallet = holding(lot("b", 10, 5, earned_on=2), lot("c", 10, 5, earned_on=1), lot("a", 10, 5, earned_on=2))
    wallet.spend(key("s"), place("s", 3), 15)
    assert used(wallet, "s") == {"c": 10, "a": 5}


def test_lots_of_one_activity_are_used_by_rule_and_slot() -> None:
    lots = [
        Lot(EffectKey(Cause("activity", "a"), rule, slot), place("a"), 1, 1, 0, None)
        for rule, slot in (("offer", "x"), ("base", "z"), ("base", "y"))
    ]
    wallet = holding(*lots)
    wallet.spend(key("s"), place("s", 3), 2)
    assert set(wallet.spendings[key("s")].parts) == {lots[1].key, lots[2].key}


def test_what_a_spending_lacks_is_owed_and_what_comes_in_pays_the_earliest_debt_and_is_what_it_used() -> None:
    wallet = holding(lot("a", 10))
    assert wallet.spend(key("first"), place("first", 1), 30) == {"owed": 20}
    assert wallet.spend(key("second"), place("second", 2), 5) == {"owed": 5}
    assert (wallet.available, wallet.debt) == (0, 25)
    assert wallet.earn(lot("b", 22, earned_on=3)) == {"repaid": 22}
    assert used(wallet, "first") == {"a": 10, "b": 20}
    assert used(wallet, "second") == {"b": 2, None: 3}


def test_pending_points_are_neither_spent_nor_do_they_pay_debt_before_they_are_released() -> None:
    wallet = holding(lot("a", 10, pending_until=5))
    assert (wallet.available, wallet.pending) == (0, 10)
    assert wallet.spend(key("s"), place("s", 1), 4) == {"owed": 4}
    assert wallet.release_due(at(4)) == {}
    assert wallet.release_due(at(5)) == {"released": 10, "repaid": 4}
    assert (wallet.available, wallet.pending, wallet.debt) == (6, 0, 0)


def test_a_confirmation_releases_what_its_purchase_earned_and_nothing_else() -> None:
    wallet = holding(lot("a", 10, pending_until=5), lot("b", 20, pending_until=5))
    assert wallet.confirm(Cause("activity", "a")) == {"released": 10}
    assert (wallet.available, wallet.pending) == (10, 20)


def test_a_pending_lot_that_was_taken_back_is_never_released() -> None:
    wallet = holding(lot("a", 10, pending_until=5))
    assert wallet.take_back(key("a"), key("r"), place("r", 1), 10, 0) == {"released": 10, "taken": 10}
    assert wallet.release_due(at(5)) == {}
    assert wallet.confirm(Cause("activity", "a")) == {}
    assert wallet.lots[key("a")].pending


def test_what_expires_at_an_instant_is_gone_at_that_instant_and_not_before() -> None:
    wallet = holding(lot("a", 10, 5), lot("b", 20, 6), lot("c", 30))
    assert wallet.expire(at(5) - timedelta(microseconds=1), own_end) == {}
    assert wallet.expire(at(5), own_end) == {"expired": 10}
    assert wallet.expire(at(5), own_end) == {}
    assert wallet.available == 50


def test_pending_points_that_expire_leave_what_is_pending() -> None:
    wallet = holding(lot("a", 10, 5, pending_until=9))
    assert wallet.expire(at(5), own_end) == {"expired": 10, "released": 10}
    assert wallet.pending == 0


def test_what_is_given_back_goes_to_the_lots_that_were_used_last_and_pays_what_is_owed_first() -> None:
    wallet = holding(lot("a", 10, 20), lot("b", 10, 30))
    wallet.spend(key("s"), place("s", 1), 25)
    assert wallet.give_back(key("s"), 17, at(2), own_end) == {"repaid": 5}
    assert used(wallet, "s") == {"a": 8}
    assert (wallet.available, wallet.debt) == (12, 0)


def test_what_is_given_back_after_its_end_is_gone_at_once() -> None:
    wallet = holding(lot("a", 10, 5), lot("b", 10, 30))
    wallet.spend(key("s"), place("s", 1), 15)
    assert wallet.give_back(key("s"), 15, at(5), own_end) == {"expired": 10}
    assert wallet.available == 10


def test_what_is_given_back_pays_the_debts_of_others() -> None:
    wallet = holding(lot("a", 10))
    wallet.spend(key("first"), place("first", 1), 10)
    wallet.spend(key("second"), place("second", 2), 4)
    assert wallet.give_back(key("first"), 10, at(3), own_end) == {"repaid": 4}
    assert used(wallet, "second") == {"a": 4}
    assert (wallet.available, wallet.debt) == (6, 0)


def test_no_more_is_given_back_than_was_taken() -> None:
    wallet = holding(lot("a", 10))
    wallet.spend(key("s"), place("s", 1), 10)
    with pytest.raises(ValueError, match="1 units less"):
        wallet.give_back(key("s"), 11, at(2), own_end)


def test_an_award_is_taken_back_from_its_own_lot_then_from_others_and_the_rest_is_owed() -> None:
    wallet = holding(lot("a", 10, 5), lot("b", 10, 30))
    wallet.spend(key("s"), place("s", 1), 4)
    assert wallet.take_back(key("a"), key("return"), place("return", 2), 10, 0) == {"taken": 10}
    assert used(wallet, "return") == {"a": 6, "b": 4}
    assert wallet.take_back(key("b"), key("again"), place("again", 2), 10, 0) == {"owed": 4, "taken": 10}
    assert (wallet.available, wallet.debt) == (0, 4)


def test_what_expired_of_an_award_is_not_taken_and_meets_one_return_only() -> None:
    wallet = holding(lot("a", 10, 5))
    wallet.spend(key("s"), place("s", 1), 4)
    wallet.expire(at(5), own_end)
    assert wallet.take_back(key("a"), key("r1"), place("r1", 6), 5, 0) == {}
    assert wallet.take_back(key("a"), key("r2"), place("r2", 7), 5, 5) == {"owed": 4, "taken": 4}


def test_a_hold_is_captured_in_part_and_the_rest_is_given_back() -> None:
    wallet = holding(lot("a", 10, 5), lot("b", 10, 30))
    name = ("till", "h")
    opened = Hold(key("h"), place("h", 1), 15, at(3))
    assert wallet.hold(name, opened) == {"held": 15}
    assert (wallet.available, wallet.held) == (5, 15)
    assert wallet.close(name, "captured", at(2), own_end, 12) == {"captured": 12, "unheld": 3}
    assert used(wallet, "h") == {"a": 10, "b": 2}
    assert (wallet.available, wallet.held, wallet.holds[name].state) == (8, 0, "captured")


def test_points_that_end_while_they_are_held_can_be_captured_and_are_gone_when_they_are_given_back() -> None:
    for state, captured, left in (
        ("captured", 10, {"captured": 10}),
        ("voided", 0, {"unheld": 10, "expired": 10}),
    ):
        wallet = holding(lot("a", 10, 5))
        wallet.hold(("till", "h"), Hold(key("h"), place("h", 1), 10, at(9)))
        assert wallet.expire(at(5), own_end) == {}
        assert wallet.close(("till", "h"), state, at(6), own_end, captured) == left  # type: ignore[arg-type]
        assert wallet.available == 0


def test_the_next_change_is_the_next_end_release_or_hold() -> None:
    assert holding(lot("a", 5, 9), lot("c", 5)).next_change(own_end) == at(9)
    assert holding(lot("a", 5, 9, pending_until=3)).next_change(own_end) == at(3)
    wallet = holding(lot("a", 5, 9))
    wallet.hold(("till", "h"), Hold(key("h"), place("h", 1), 5, at(2)))
    assert wallet.next_change(own_end) == at(2)
    wallet.close(("till", "h"), "captured", at(2), own_end, 5)
    assert wallet.next_change(own_end) is None


class AnyMovements(RuleBasedStateMachine):
    """Movements in any order, beside a ledger of accounts that knows only what was posted."""

    def __init__(self) -> None:
        super().__init__()
        self.wallet = Wallet()
        self.day = 0
        self.count = 0
        self.accounts = dict.fromkeys(
            ("wallet", "pending", "held", "debt", "redeemed", "breakage", "issuance"), 0
        )
        self.taken: dict[EffectKey, tuple[int, int]] = {}

    def name(self) -> str:
        self.count += 1
        return f"{self.count:04}"

    def post(self, movements: Mapping[str, int]) -> None:
        """From and to which account each movement goes, as the services post them."""
        goes = {
            "earned": ("issuance", "wallet"),
            "withheld": ("wallet", "pending"),
            "released": ("pending", "wallet"),
            "repaid": ("wallet", "debt"),
            "owed": ("debt", "wallet"),
            "expired": ("wallet", "breakage"),
            "redeemed": ("wallet", "redeemed"),
            "redeemed_back": ("redeemed", "wallet"),
            "taken": ("wallet", "issuance"),
            "held": ("wallet", "held"),
            "unheld": ("held", "wallet"),
            "captured": ("held", "redeemed"),
        }
        for movement, units in movements.items():
            source, target = goes[movement]
            self.accounts[source] -= units
            self.accounts[target] += units

    @rule(units=st.integers(1, 50), life=st.none() | st.integers(1, 6), wait=st.none() | st.integers(1, 4))
    def earn(self, units: int, life: int | None, wait: int | None) -> None:
        ends = None if life is None else self.day + life
        until = None if wait is None else self.day + wait
        self.post({"earned": units})
        self.post(self.wallet.earn(lot(self.name(), units, ends, earned_on=self.day, pending_until=until)))

    @rule(units=st.integers(1, 60))
    def spend(self, units: int) -> None:
        name = self.name()
        self.post({"redeemed": units})
        self.post(self.wallet.spend(key(name), place(name, self.day), units))

    @precondition(lambda self: self.wallet.spendings)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        held = {hold.key for hold in self.wallet.holds.values()}
        redeemed = [
            name for name, each in self.wallet.spendings.items() if name.slot == "x" and name not in held
        ]
        amounts = {name: self.wallet.spendings[name].amount for name in redeemed}
        given = [name for name, units in amounts.items() if units]
        if given:
            chosen = data.draw(st.sampled_from(given))
            units = data.draw(st.integers(1, amounts[chosen]))
            self.post({"redeemed_back": units})
            self.post(self.wallet.give_back(chosen, units, at(self.day), own_end))

    @precondition(lambda self: self.wallet.lots)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(list(self.wallet.lots)))
        wanted_before, taken_before = self.taken.get(chosen, (0, 0))
        left = self.wallet.lots[chosen].amount - wanted_before
        if left:
            name, units = self.name(), data.draw(st.integers(1, left))
            spending = key(name, "taken back")
            forgone = wanted_before - taken_before
            movements = self.wallet.take_back(chosen, spending, place(name, self.day), units, forgone)
            self.taken[chosen] = (wanted_before + units, taken_before + movements.get("taken", 0))
            self.post(movements)

    @rule(units=st.integers(1, 40), life=st.integers(1, 4))
    def hold(self, units: int, life: int) -> None:
        name = self.name()
        opened = Hold(key(name), place(name, self.day), units, at(self.day + life))
        self.post(self.wallet.hold(("till", name), opened))

    @precondition(lambda self: self.wallet.open_holds())
    @rule(data=st.data(), captured=st.booleans())
    def close(self, data: st.DataObject, captured: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.wallet.open_holds())))
        units = data.draw(st.integers(1, self.wallet.holds[name].amount)) if captured else 0
        state = "captured" if captured else "voided"
        self.post(self.wallet.close(name, state, at(self.day), own_end, units))  # type: ignore[arg-type]

    @rule(days=st.integers(1, 3))
    def time_passes(self, days: int) -> None:
        self.day += days
        for name, each in self.wallet.open_holds().items():
            if each.expires_at <= at(self.day):
                self.post(self.wallet.close(name, "expired", at(self.day), own_end))
        self.post(self.wallet.release_due(at(self.day)))
        self.post(self.wallet.expire(at(self.day), own_end))

    @invariant()
    def the_wallet_is_what_was_posted(self) -> None:
        wallet = self.wallet
        assert self.accounts["wallet"] == wallet.available >= 0
        assert self.accounts["pending"] == wallet.pending >= 0
        assert self.accounts["held"] == wallet.held >= 0
        assert -self.accounts["debt"] == wallet.debt >= 0
        assert self.accounts["breakage"] == sum(lot.expired for lot in wallet.lots.values())
        assert sum(self.accounts.values()) == 0

    @invariant()
    def every_lot_is_what_is_left_and_what_became_of_it(self) -> None:
        uses: dict[EffectKey, int] = {}
        for spending in self.wallet.spendings.values():
            assert all(units > 0 for units in spending.parts.values())
            for used_lot, units in spending.parts.items():
                if used_lot is not None:
                    uses[used_lot] = uses.get(used_lot, 0) + units
        for each in self.wallet.lots.values():
            assert each.remaining >= 0
            assert each.amount == each.remaining + each.expired + uses.get(each.key, 0)

    @invariant()
    def nobody_owes_who_could_spend(self) -> None:
        assert not (self.wallet.available and self.wallet.debt)


AnyMovements.TestCase.settings = settings(PROPERTY, max_examples=100, stateful_step_count=40)
TestAnyMovements = AnyMovements.TestCase
