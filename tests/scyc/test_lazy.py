from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scyc.lazy import deferred

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_deferred_function_is_imported_at_its_first_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "formulas_of_a_test.py").write_text("def double(number, *, times=1):\n    return number * 2**times\n")
    monkeypatch.syspath_prepend(tmp_path)
    double = deferred("formulas_of_a_test:double")
    assert "formulas_of_a_test" not in sys.modules
    assert double(3, times=2) == 12
    assert sys.modules.pop("formulas_of_a_test")
