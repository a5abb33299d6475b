from __future__ import annotations

import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from scyc.lazy import deferred

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package with one name, from a module that says when it is imported."""
    name = "lazy_package_of_a_test"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text(
        dedent("""
        from scyc.lazy import lazy_names

        __getattr__, __dir__ = lazy_names(__name__, {"formulas": ["double"]})
        """)
    )
    (folder / "formulas.py").write_text("def double(number, *, times=1):\n    return number * 2**times\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    for module in (name, f"{name}.formulas"):
        sys.modules.pop(module, None)


def test_a_name_is_imported_at_its_first_use(package: str) -> None:
    module = __import__(package)
    assert "double" in dir(module)
    assert f"{package}.formulas" not in sys.modules
    assert module.double(3) == 6
    assert vars(module)["double"] is module.double


def test_a_deferred_function_is_imported_at_its_first_call(package: str) -> None:
    double = deferred(f"{package}.formulas:double")
    assert package not in sys.modules
    assert double(3, times=2) == 12
    assert f"{package}.formulas" in sys.modules
