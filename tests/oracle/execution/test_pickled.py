"""Trainings of scripts and notebooks on their way to workers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from oracle.execution.pickled import pickled, receive
from scyc import own_objects

if TYPE_CHECKING:
    from pathlib import Path

SPEC = oracle.Spec.model_validate({"engine": "own", "workload": "__main__:train"})


@pytest.fixture
def packed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A training that uses a module in the working folder, packed up; this process knows neither any more."""
    monkeypatch.setattr(own_objects, "_given", {})
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_of_pickled.py").write_text("VALUE = 0.5")
    with monkeypatch.context() as inside:
        inside.syspath_prepend(str(tmp_path))
        scope: dict[str, Any] = {"__name__": "__main__"}
        exec("import own_of_pickled\ndef train(trial): return {'val': own_of_pickled.VALUE}", scope)
        own_objects.give(SPEC.workload, scope["train"])
        text = pickled(SPEC)
    monkeypatch.delitem(sys.modules, "own_of_pickled")
    own_objects._given.clear()
    assert text is not None
    return text


def test_it_finds_modules_in_the_working_folder(packed: str) -> None:
    receive(SPEC, packed)
    training = own_objects.given(SPEC.workload)
    assert training is not None
    assert training(None) == {"val": 0.5}


def test_one_that_cannot_be_unpacked_fails_its_trials_and_says_why(packed: str, tmp_path: Path) -> None:
    (tmp_path / "own_of_pickled.py").unlink()
    receive(SPEC, packed)
    training = own_objects.given(SPEC.workload)
    assert training is not None
    with pytest.raises(oracle.InputError, match=r"cannot be used there \(ModuleNotFoundError: .*own_of_pickled"):
        training(None)


def test_what_can_be_imported_is_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_objects, "_given", {})
    assert pickled(SPEC) is None
    receive(SPEC, None)
    assert own_objects.given(SPEC.workload) is None
