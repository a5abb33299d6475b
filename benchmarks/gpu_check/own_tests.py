"""Step 1: the tests that are marked `gpu`."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.gpu_check.findings import OK, SKIPPED, Row, tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.gpu_check.setting import Setting

ROOT = Path(__file__).parents[2]
NAME = "tests"


class _Reports:
    """Counts how tests ended."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []

    def pytest_runtest_logreport(self, report: object) -> None:
        when, outcome = report.when, report.outcome  # type: ignore[attr-defined]
        if when == "call" or outcome != "passed":
            self.outcomes.append(outcome)


def step(_: Setting) -> Iterator[Row]:
    """Yield how the tests of each file ended that has some."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # none is needed, and what is installed may not fit
    import pytest

    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        if "pytest.mark.gpu" not in file.read_text(encoding="utf-8"):
            continue
        path = str(file.relative_to(ROOT))

        def look(path: str = path) -> tuple[str, str]:
            reports, said = _Reports(), io.StringIO()
            # The tests' own conftest.py needs packages that are not there; those that are marked `gpu` do without it.
            options = ["--noconftest", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}", "-m", "gpu"]
            with contextlib.redirect_stdout(said):
                code = pytest.main([*options, str(ROOT / path)], plugins=[reports])
            counts = {outcome: reports.outcomes.count(outcome) for outcome in sorted(set(reports.outcomes))}
            words = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
            if code != 0:
                raise AssertionError(f"{words or 'no test ran'}\n{said.getvalue()[-6000:]}")
            return (SKIPPED if set(counts) == {"skipped"} else OK), words

        yield tried(NAME, path, look)
