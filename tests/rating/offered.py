"""Promotions and points currencies, as a program file has them."""

from __future__ import annotations

from tests.rating.histories import rule


def offer(rule_id: str, award: str, *, funding: str = "", exhausted: str = "", extra: str = "") -> str:
    """A promotion of the bank."""
    end = f'exhausted = "{exhausted}", ' if exhausted else ""
    return rule(
        rule_id,
        "partner_rewards",
        f'{{ partner = "bank", currency = "points", {award}, {extra}{end}funding = [{funding}] }}',
    )


def limited(budget: int, percent: str = "60") -> str:
    return f'{{ partner = "bank", percent = "{percent}", budget_points = {budget} }}'


def points(rounding: str = "toward_zero", *, decimals: int = 0, choose: str = "best") -> str:
    return (
        f'[[points]]\nkey = "points"\ndecimals = {decimals}\nrounding = "{rounding}"\nexpiry = "never"\n'
        f'offers = {{ choose = "{choose}" }}\n'
    )
