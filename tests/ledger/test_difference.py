"""Nothing is ever posted but desired(key) - posted(key)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loyalty_engine.ledger.effects import Cause, EffectKey, difference
from tests.rating.random_settings import PROPERTY

keys = st.builds(
    EffectKey,
    st.builds(Cause, st.sampled_from(["activity", "boundary"]), st.sampled_from("ab")),
    st.sampled_from(["earn", ""]),
    st.sampled_from("xy"),
)
values = st.dictionaries(keys, st.integers(-50, 50))


def key(cause: str, rule: str = "earn", slot: str = "x") -> EffectKey:
    return EffectKey(Cause("activity", cause), rule, slot)


def test_what_is_new_is_posted_what_changed_is_corrected_and_what_is_gone_is_taken_back() -> None:
    posted = {key("same"): 5, key("changed"): 5, key("gone"): 5}
    desired = {key("same"): 5, key("changed"): 3, key("new"): 7}
    assert difference(desired, posted) == {key("changed"): -2, key("gone"): -5, key("new"): 7}


def test_keys_differ_by_cause_rule_and_slot() -> None:
    desired = {key("a"): 1, key("a", rule="offer"): 2, key("a", slot="y"): 3}
    assert difference(desired, {}) == desired
    other = EffectKey(Cause("boundary", "a"), "earn", "x")
    assert difference({other: 1}, {key("a"): 1}) == {other: 1, key("a"): -1}


@PROPERTY
@given(values, values)
def test_what_is_posted_once_is_not_posted_again(
    desired: dict[EffectKey, int], posted: dict[EffectKey, int]
) -> None:
    found = difference(desired, posted)
    after = {each: posted.get(each, 0) + found.get(each, 0) for each in (*posted, *found)}
    assert {each: value for each, value in after.items() if value} == {
        each: value for each, value in desired.items() if value
    }
    assert difference(desired, after) == {}
    assert 0 not in found.values()
