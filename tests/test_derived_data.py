"""Purchases that are derived on the spot and not kept in the repository (tests/data/NOTICE.md)."""

from pathlib import Path

import pytest

from tests.data import points_card

ROOT = Path(__file__).parents[1]


def test_where_they_were_not_derived_a_test_fails_and_says_how_to_derive_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(points_card, "DERIVED", tmp_path)
    with pytest.raises(points_card.NotDerived, match="make test-p3"):
        points_card.baskets.__wrapped__()


def test_every_derived_file_that_is_read_has_a_checksum() -> None:
    source = (ROOT / "tests" / "data" / "points_card.py").read_text(encoding="utf-8")
    stated = (ROOT / "tests" / "data" / "completejourney.sha256").read_text(encoding="utf-8").split()[1::2]
    assert len(stated) == 3
    assert all(f'DERIVED / "{name}"' in source for name in stated)
