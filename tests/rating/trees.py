"""Programs whose trees are as deep and as large as a tree may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from loyalty_engine.program import Program
from loyalty_engine.rules import Measure
from tests.rating.histories import program_of, rule

TIERS = ("basic", "silver", "gold")


def node(op: str, of: Sequence[str], *further: str) -> str:
    """A node as the file writes it."""
    return "{ " + ", ".join([f'op = "{op}"', f"of = [{', '.join(of)}]", *further]) + " }"


def names(count: int) -> list[str]:
    """The ids of so many rules."""
    return [f"r{index}" for index in range(count)]


def quoted(rules: Sequence[str]) -> list[str]:
    """Ids as the file writes them."""
    return [f'"{name}"' for name in rules]


def deep(innermost: str = "any_of", middle: str = "all_of", root: str = "any_of", first: int = 0) -> str:
    """4 levels and 64 nodes over 48 rules, from r``first`` on: a root of 3, each of 4, each of 4."""
    leaves = quoted(names(first + 48)[first:])
    twelve = [node(innermost, leaves[start : start + 4]) for start in range(0, 48, 4)]
    return node(root, [node(middle, twelve[start : start + 4]) for start in range(0, 12, 4)])


def wide(op: str = "any_of", needed: int | None = None, count: int = 63) -> str:
    """2 levels, and 64 nodes over 63 rules; of a weighted one the weights are 1, 2, 3 and so on."""
    further = [] if needed is None else [f"at_least = {needed}"]
    if op == "weighted":
        weights = ", ".join(f"{name} = {index}" for index, name in enumerate(names(count), 1))
        further.append(f"weights = {{ {weights} }}")
    return node(op, quoted(names(count)), *further)


def of_trees(
    combine: str, rules: int, keep: str | None = None, tiers: Sequence[str] = TIERS, step: int = 100
) -> str:
    """A ladder over so many rules, each about the spend on a category of its own, ``step`` for each tier."""
    keys = ", ".join(f'{{ key = "{tier}" }}' for tier in tiers)
    bounds = ", ".join(f'{tier} = "{step * rank}"' for rank, tier in enumerate(tiers) if rank)
    window = 'window = { calendar = "year" }'
    kept = "" if keep is None else f"keep = {keep}\n"
    return (
        f'[[ladders]]\nkey = "status"\ntiers = [{keys}]\ncombine = {combine}\n{kept}'
        'upgrade = { at = "activity", until = "lifetime" }\ndowngrade = { to = "base" }\nreturns = "undo"\n'
    ) + "".join(
        rule(name, "tier_spend", f'{{ {window}, categories = ["{name}"], thresholds = {{ {bounds} }} }}')
        for name in names(rules)
    )


def program_with(combine: str, rules: int, keep: str | None = None, tiers: Sequence[str] = TIERS) -> Program:
    """The program of such a ladder."""
    return program_of(of_trees(combine, rules, keep, tiers))


def figures_of(program: Program, spent: Mapping[str, int]) -> dict[Measure, Decimal]:
    """What was spent on each category, 0 where nothing is said."""
    return {
        program.measures_of[name][0]: Decimal(spent.get(name, 0)) for name in program.ladder("status").rules
    }
