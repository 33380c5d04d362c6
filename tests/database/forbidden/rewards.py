"""Units of rewards, and redemptions: none more than there are, none ended twice."""

from __future__ import annotations

from tests.database.crowded import copied
from tests.database.forbidden.cases import (
    CHECK,
    FOREIGN,
    RIGHT,
    STAYS,
    UNIQUE,
    Case,
    of_transfer,
    there,
)

CANCEL = (
    "UPDATE redemption SET cancelled_at = '2026-03-02Z', cancelled_fact_id = :fact, restock_transfer_id = {}"
    " WHERE redemption_id = :redemption"
)
BACK = {
    "debit_account_id": ":delivered",
    "credit_account_id": ":stock",
    "code": "'restock'",
    "reverses_transfer_id": ":delivery",
}


def of_delivery(**changes: str) -> str:
    """The delivery once more, with changes."""
    return copied("transfer", "transfer_id = :delivery", **{"transfer_id": ":new", **changes})


def of_wallet(**changes: str) -> str:
    """The wallet once more, empty and of another currency."""
    own = {"account_id": ":new", "currency": "'a'", "balance": "0"}
    return copied("account", "account_id = :wallet", **own, **changes)


def of_redemption(**changes: str) -> str:
    """The redemption once more, by another activity and at the second place."""
    once_more = {"redemption_id": ":fact", "delivery_transfer_id": "NULL", "place": "2"}
    return copied("redemption", "redemption_id = :redemption", **{**once_more, **changes})


def of_use(**changes: str) -> str:
    """The use once more, by another activity and at the second place."""
    once_more = {"coupon_use_id": ":second_use", "place": "2"}
    return copied("coupon_use", "coupon_use_id = :use", **{**once_more, **changes})


def of_coupon(**changes: str) -> str:
    """The coupon once more, with another key and code."""
    once_more = {"coupon_id": ":new", "key": "'more'", "code_hash": "sha256('more')", "used": "0"}
    return copied("coupon", "coupon_id = :coupon", **{**once_more, **changes})


RELEASE = (
    "UPDATE coupon_use SET released_at = '2026-03-02Z', released_fact_id = :fact WHERE coupon_use_id = :use"
)
COUPONS = {
    "a coupon is used beyond its limit": Case(
        "WITH second AS ({}) {}".format(
            of_use() + " RETURNING 1", of_use(coupon_use_id=":third_use", place="3", member_limit="NULL")
        ),
        CHECK,
        "coupon_within_limit_check",
        of_use(),
    ),
    "a member uses a coupon beyond the limit": Case(
        of_use(place="3"), CHECK, "coupon_use_within_limit_check", of_use()
    ),
    "two uses have one place": Case(of_use(place="1"), UNIQUE, "coupon_use_place", of_use()),
    "one activity is two uses": Case(of_use(coupon_use_id=":use"), UNIQUE, "coupon_use_pkey", of_use()),
    "a use takes nothing off": Case(
        of_use(discount="0"), CHECK, "coupon_use_has_an_effect_check", of_use(discount="1")
    ),
    "a coupon is counted by hand": Case(
        "UPDATE coupon SET used = 0 WHERE coupon_id = :coupon",
        STAYS,
        None,
        "SELECT FROM coupon WHERE coupon_id = :coupon FOR NO KEY UPDATE",
    ),
    "a coupon has another limit": Case(
        "UPDATE coupon SET use_limit = 9 WHERE coupon_id = :coupon",
        RIGHT,
        None,
        there("coupon", "coupon_id", "coupon"),
    ),
    "a use was for another purchase": Case(
        "UPDATE coupon_use SET purchase_source = 'till' WHERE coupon_use_id = :use",
        RIGHT,
        None,
        there("coupon_use", "coupon_use_id", "use"),
    ),
    "a use is released by nothing": Case(
        "UPDATE coupon_use SET released_at = '2026-03-02Z' WHERE coupon_use_id = :use",
        CHECK,
        "coupon_use_released_by_a_return_check",
        RELEASE,
    ),
    "a use is reopened twice": Case(
        "WITH second AS ({}) {}".format(
            of_use(reopens_use_id=":use") + " RETURNING 1",
            of_use(coupon_use_id=":third_use", place="3", member_limit="NULL", reopens_use_id=":use"),
        ),
        UNIQUE,
        "coupon_use_business_id_reopens_use_id_key",
        of_use(reopens_use_id=":use"),
    ),
    "two coupons have one code": Case(
        of_coupon(code_hash="t.code_hash"), UNIQUE, "coupon_business_id_code_hash_key", of_coupon()
    ),
    "two coupons have one key": Case(
        of_coupon(key="t.key"), UNIQUE, "coupon_business_id_key_key", of_coupon()
    ),
    "a code is kept": Case(
        of_coupon(code_hash="'SUMMER'::bytea"), CHECK, "coupon_code_hash_length_check", of_coupon()
    ),
    "a coupon is of nobody": Case(of_coupon(key="NULL"), CHECK, "coupon_made_or_issued_check", of_coupon()),
}
REWARDS = COUPONS | {
    "more units go out than are in stock": Case(
        of_delivery(amount="5"), CHECK, "account_floor_check", of_delivery(amount="4")
    ),
    "units of one reward become those of another": Case(
        of_delivery(credit_account_id=":other_delivered"),
        FOREIGN,
        "transfer_business_id_credit_account_id_currency_fkey",
        of_delivery(),
    ),
    "units become points": Case(
        of_delivery(credit_account_id=":wallet", currency="'points'"),
        FOREIGN,
        "transfer_business_id_debit_account_id_currency_fkey",
        of_delivery(),
    ),
    "points become units": Case(
        of_transfer(code="'deliver'"), CHECK, "transfer_effect_of_its_code_check", of_transfer()
    ),
    "a unit comes back twice": Case(
        of_delivery(**BACK, amount="2"), CHECK, "transfer_reversals_within", of_delivery(**BACK)
    ),
    "units belong to no reward": Case(
        copied("account", "account_id = :stock", account_id=":new", currency="'stock'", balance="0"),
        CHECK,
        "account_reward_of_its_kind_check",
        copied("account", "account_id = :other_delivered", account_id=":new", kind="'supplied'"),
    ),
    "a wallet is of a reward": Case(
        of_wallet(reward_id=":reward"),
        CHECK,
        "account_reward_of_its_kind_check",
        of_wallet(),
    ),
    "a member redeems beyond the limit": Case(
        of_redemption(place="3"), CHECK, "redemption_within_limit_check", of_redemption()
    ),
    "two redemptions have one place": Case(
        of_redemption(place="1"), UNIQUE, "redemption_place", of_redemption()
    ),
    "two redemptions are one delivery": Case(
        of_redemption(delivery_transfer_id=":delivery"),
        UNIQUE,
        "redemption_business_id_delivery_transfer_id_key",
        of_redemption(),
    ),
    "a redemption is of terms that never were": Case(
        of_redemption(version="9"), FOREIGN, "redemption_business_id_reward_id_version_fkey", of_redemption()
    ),
    "a redemption costs nothing": Case(
        of_redemption(price="0"), CHECK, "redemption_price_bounds_check", of_redemption()
    ),
    "a redemption is cancelled and its unit stays away": Case(
        CANCEL.format("NULL"),
        CHECK,
        "redemption_restocked_when_cancelled_check",
        CANCEL.format(":transfer"),
    ),
    "a redemption is cancelled after its time": Case(
        CANCEL.format(":transfer").replace("2026-03-02Z", "2026-04-01Z"),
        CHECK,
        "redemption_ends_in_time_check",
        CANCEL.format(":transfer"),
    ),
    "a redemption is fulfilled after its time": Case(
        "UPDATE redemption SET fulfilled_at = '2026-04-01Z' WHERE redemption_id = :redemption",
        CHECK,
        "redemption_ends_in_time_check",
        "UPDATE redemption SET fulfilled_at = '2026-03-02Z' WHERE redemption_id = :redemption",
    ),
    "a redemption is cancelled twice": Case(
        "UPDATE redemption SET cancelled_at = '2026-03-03Z' WHERE redemption_id = :cancelled",
        STAYS,
        None,
        CANCEL.format(":transfer"),
    ),
    "what was cancelled is handed over": Case(
        "UPDATE redemption SET fulfilled_at = '2026-03-03Z' WHERE redemption_id = :cancelled",
        CHECK,
        "redemption_one_end_check",
        "UPDATE redemption SET fulfilled_at = '2026-03-03Z' WHERE redemption_id = :redemption",
    ),
    "what was cancelled is open again": Case(
        "UPDATE redemption SET cancelled_at = NULL, cancelled_fact_id = NULL, restock_transfer_id = NULL"
        " WHERE redemption_id = :cancelled",
        STAYS,
        None,
        CANCEL.format(":transfer"),
    ),
    "a redemption cost less": Case(
        "UPDATE redemption SET price = 1 WHERE redemption_id = :redemption",
        RIGHT,
        None,
        there("redemption", "redemption_id", "redemption"),
    ),
    "terms are written anew": Case(
        "UPDATE reward_terms SET price = 1 WHERE reward_id = :reward",
        RIGHT,
        None,
        copied("reward_terms", "reward_id = :reward", version="2", price="1"),
    ),
    "a version of terms is there twice": Case(
        copied("reward_terms", "reward_id = :reward", price="1"),
        UNIQUE,
        "reward_terms_pkey",
        copied("reward_terms", "reward_id = :reward", version="2", price="1"),
    ),
    "a reward is free": Case(
        copied("reward_terms", "reward_id = :reward", version="2", price="0"),
        CHECK,
        "reward_terms_price_bounds_check",
        copied("reward_terms", "reward_id = :reward", version="2", price="1"),
    ),
    "two rewards have one key": Case(
        copied("reward", "reward_id = :reward", reward_id=":new"),
        UNIQUE,
        "reward_business_id_key_key",
        copied("reward", "reward_id = :reward", reward_id=":new", key="'cup'"),
    ),
}
