from pathlib import Path

import pytest

from loyalty_engine import shipped as module
from loyalty_engine.shipped import NotShippedError, shipped


def test_in_a_checkout_a_shipped_file_is_the_repositorys_own() -> None:
    assert shipped("engine/loyalty_engine/shipped.py") == Path(module.__file__)


def test_in_a_wheel_a_shipped_file_is_the_one_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "examples").mkdir()
    monkeypatch.setattr(module, "WHEEL_FOLDER", tmp_path)
    assert shipped("examples") == tmp_path / "examples"


def test_a_file_that_is_nowhere_is_an_error_that_names_it() -> None:
    with pytest.raises(NotShippedError, match=r"^no/such/file is neither"):
        shipped("no/such/file")
