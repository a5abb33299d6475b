"""Checks in a process of their own: what a workload does there ends neither the command nor blocks it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from oracle.driver import apart
from oracle.driver.apart import check_ready_apart
from oracle.driver.preflight import check_ready
from oracle.execution.deaths import TOO_LATE
from oracle.spec.files import parse_spec
from scyc import Constant, InputError, Policy
from studies import Artifacts, StudyError, StudyUnavailable

if TYPE_CHECKING:
    from pathlib import Path

SPEC = {"levels": 1, "seeds": [0], "epochs": 1}
WORKLOAD = """
import ctypes, os, sys
from dataclasses import replace
from scyc.workloads import load_workload

mine = load_workload("mnist1d/mlp-300-100")

def crash():
    if os.fork():
        ctypes.string_at(0)
    else:
        import time
        time.sleep(1000)

crashes = replace(mine, load_data=crash)
"""


class Answering:
    """Stands in for the process: it says something, or it ended with some exit code."""

    def __init__(self, kind: str | None = None, said: str = "", code: int | None = None) -> None:
        self.text = json.dumps({"kind": kind, "said": said}) if code is None else None
        self.code = code
        self.closed = False

    def __call__(self, module: str) -> Answering:
        return self

    def send(self, text: str) -> None:
        assert json.loads(text)["spec"]["workload"] == "mine:w"

    def receive(self) -> str | None:
        return self.text

    def end(self) -> int:
        assert self.code is not None
        return self.code

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("process", "limit", "error", "message"),
    [
        (Answering("InputError", "The data are missing."), None, InputError, r"^The data are missing\.$"),
        (Answering("StudyError", "No permission."), None, StudyError, r"^No permission\.$"),
        (Answering("StudyUnavailable", "The disk is full."), None, StudyUnavailable, r"^The disk is full\.$"),
        (Answering("RuntimeError", "no luck"), None, InputError, r"'mine:w' failed when .* \(RuntimeError: no luck\)"),
        (Answering(code=0), 5.0, InputError, "'mine:w' ended the process with exit code 0 when"),
        (Answering(code=-9), 5.0, InputError, "ended the process by SIGKILL, as happens when .* memory is full"),
        (Answering(code=TOO_LATE), 5.0, InputError, "'mine:w' took too long when its data"),
        (Answering(code=TOO_LATE), None, InputError, "ended the process with exit code 1"),
    ],
)
def test_what_is_wrong_is_said(
    process: Any, limit: float | None, error: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "ChildProcess", process)
    monkeypatch.setattr(apart, "heard_of", list)
    spec = parse_spec(SPEC | {"workload": "mine:w"}, "of the test")
    with pytest.raises(error, match=message):
        check_ready_apart(spec, Artifacts("memory://apart"), here=True, limit=limit)
    assert process.closed


@pytest.mark.slow
def test_a_crash_is_survived_with_what_it_has_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crashing.py").write_text(WORKLOAD)
    spec, artifacts = parse_spec(SPEC | {"workload": "crashing:crashes"}, "of the test"), Artifacts(str(tmp_path))
    with pytest.raises(InputError, match="'crashing:crashes' ended the process by SIGSEGV when its data were loaded"):
        check_ready_apart(spec, artifacts, here=True)
    fine = spec.model_copy(update={"workload": "crashing:mine"})
    ready = check_ready_apart(fine, artifacts, [Policy(Constant(0.1))], here=True)
    assert ready == check_ready(fine, artifacts)
    assert ready.coverage is not None
    assert ready.coverage.prunable < ready.coverage.parameters
