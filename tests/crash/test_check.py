"""The check sees each way in which a promise can be broken."""

from __future__ import annotations

from uuid import UUID

from loyalty_schema.ids import global_id
from tests.crash.check import done_twice, lost, surplus
from tests.crash.load import Call
from tests.crash.operations import OPERATIONS, Mark

ANN, BOB = str(UUID(int=1)), str(UUID(int=2))
(BASKET,) = [each for each in OPERATIONS if each.mutation == "recordActivities"]
(REDEMPTION,) = [each for each in OPERATIONS if each.mutation == "redeemReward"]
(VALUE,) = [each for each in OPERATIONS if each.mutation == "recordFact"]


def recorded(number: int, *ids: str) -> Call:
    """A batch that was answered with these activities and a refusal."""
    results = [{"made": {"id": global_id("Activity", UUID(each))}} for each in ids]
    refused = {"__typename": "NotFound", "code": "NOT_FOUND"}
    answer = {"__typename": "RecordActivitiesSuccess", "replayed": False, "results": [*results, refused]}
    return Call(BASKET, {"idempotencyKey": f"key-{number}"}, 0, answer)


def redeemed(number: int, redemption: str) -> Call:
    """A call that was answered with this redemption."""
    made = {"id": global_id("Redemption", UUID(redemption)), "price": "20"}
    answer = {"__typename": "RedeemRewardSuccess", "replayed": False, "made": made}
    return Call(REDEMPTION, {"idempotencyKey": f"key-{number}"}, 0, answer)


def test_nothing_is_wrong_where_all_is_there_that_was_told_and_nothing_else() -> None:
    calls = [recorded(0, ANN), recorded(1, BOB), recorded(2)]
    there: dict[Mark, str] = {ANN: ANN, BOB: BOB}
    assert [*lost(calls, there), *surplus(calls, there), *done_twice(calls, there)] == []


def test_what_was_acknowledged_and_is_gone_is_reported() -> None:
    (line,) = lost([recorded(0, ANN, BOB)], {ANN: ANN})
    assert line == f"recordActivities key-0 was acknowledged and is gone: {BOB}"


def test_what_nobody_was_told_of_is_reported() -> None:
    assert list(surplus([recorded(0, ANN)], {ANN: ANN, BOB: BOB})) == [f"nobody was told of {BOB}"]


def test_what_two_calls_made_is_reported() -> None:
    (line,) = done_twice([recorded(0, ANN), recorded(1, ANN)], {ANN: ANN})
    assert line == f"recordActivities key-1 and recordActivities key-0 both made {ANN}"


def test_a_redemption_that_is_gone_or_made_once_more_is_reported() -> None:
    assert list(lost([redeemed(0, ANN)], {})) == [f"redeemReward key-0 was acknowledged and is gone: {ANN}"]
    assert list(surplus([redeemed(0, ANN)], {ANN: ANN, BOB: BOB})) == [f"nobody was told of {BOB}"]
    (line,) = done_twice([redeemed(0, ANN), redeemed(1, ANN)], {ANN: ANN})
    assert line == f"redeemReward key-1 and redeemReward key-0 both made {ANN}"


def test_what_has_no_id_in_an_answer_is_known_by_its_natural_key() -> None:
    given = {"idempotencyKey": "key-0", "source": "desk", "externalId": "v1"}
    call = Call(VALUE, given, 0, {"__typename": "RecordFactSuccess", "replayed": False})
    assert list(lost([call], {("desk", "v1"): ANN})) == []
    assert list(lost([call], {ANN: ANN})) == ["recordFact key-0 was acknowledged and is gone: ('desk', 'v1')"]


def test_a_refusal_and_a_call_without_answer_promise_nothing() -> None:
    refused = Call(BASKET, {"idempotencyKey": "key-0"}, 0, {"__typename": "InvalidInput"})
    assert refused.marks == Call(BASKET, {"idempotencyKey": "key-1"}, 0).marks == frozenset()
