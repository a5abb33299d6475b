"""Data or own code that change between two calls: refused before anything is written, unless it is on purpose."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import oracle
from oracle.study.fingerprints import TRAINED_ON
from tests.oracle.copies import copy_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle import Study

TINY: dict[str, Any] = {
    "engine": "eager",
    "levels": 1,
    "seeds": [0],
    "epochs": 4,
    "batch_size": 16,
    "search": {"max_lr": {"values": [0.001, 0.3]}, "widen": 0},
}
INLINE: dict[str, Any] = {"executor": "inline", "mirror": False}
OWN = """
from scyc.data import load_npz
from scyc.models import mlp
from scyc.workloads import Workload
from changing_helper import WIDTH

workload = Workload(
    "mine", lambda: mlp(inputs=4, hidden=(WIDTH,), classes=3), lambda: load_npz({path!r})
)
"""


def save_data(path: Path, seed: int = 0) -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(400, 4))
    np.savez(path, x_train=inputs, y_train=(np.digitize(inputs[:, 0], [-0.4, 0.4]) + seed) % 3)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished study on d.npz."""
    folder = tmp_path_factory.mktemp("finished")
    save_data(folder / "d.npz")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SCYC_DATA", str(folder))
        oracle.sweep({"workload": "npz:d.npz/mlp-4", **TINY}, name="d", db=f"sqlite:///{folder}/scyc.db", **INLINE)
    return folder


@pytest.fixture
def study(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A copy of it, with its data."""
    copy_study(finished, tmp_path)
    save_data(tmp_path / "d.npz")
    monkeypatch.setenv("SCYC_DATA", str(tmp_path))
    return oracle.Study("d", f"sqlite:///{tmp_path}/scyc.db")


def other_labels(folder: Path, _: pytest.MonkeyPatch) -> None:
    save_data(folder / "d.npz", seed=1)


def another_data_folder(folder: Path, patched: pytest.MonkeyPatch) -> None:
    (folder / "elsewhere").mkdir()
    save_data(folder / "elsewhere" / "d.npz", seed=1)
    patched.setenv("SCYC_DATA", str(folder / "elsewhere"))


def a_test_split(folder: Path, _: pytest.MonkeyPatch) -> None:
    with np.load(folder / "d.npz") as arrays:
        np.savez(folder / "d.npz", **arrays, x_test=arrays["x_train"], y_test=arrays["y_train"])


CALLS: dict[str, Callable[[Study], object]] = {
    "extend": lambda study: study.extend(levels=2, **INLINE),
    "resume": lambda study: study.resume(**INLINE),
    "run": lambda study: study.run(["constant:max_lr=0.1"], **INLINE),
    "sweep": lambda study: oracle.sweep({"workload": "npz:d.npz/mlp-4", **TINY}, name="d", db=study.db, **INLINE),
}


@pytest.mark.parametrize("change", [other_labels, another_data_folder, a_test_split])
@pytest.mark.parametrize("call", CALLS)
def test_changed_data_are_refused_and_nothing_is_written(
    call: str,
    change: Callable[[Path, pytest.MonkeyPatch], None],
    study: Study,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = study.export(tmp_path / "before")
    change(tmp_path, monkeypatch)
    with pytest.raises(oracle.InputError, match=r"'npz:d.npz/mlp-4', this has changed: the .*--accept-changes"):
        CALLS[call](study)
    after = study.export(tmp_path / "after")
    assert [path.read_text() for path in after] == [path.read_text() for path in before]


def test_data_that_only_moved_or_were_touched_are_the_same(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "moved").mkdir()
    (tmp_path / "d.npz").rename(tmp_path / "moved" / "d.npz")
    os.utime(tmp_path / "moved" / "d.npz", (1, 1))
    monkeypatch.setenv("SCYC_DATA", str(tmp_path / "moved"))
    study.extend(levels=2, **INLINE)
    assert len(study.status.decided) == 2


def test_a_change_can_be_accepted_and_is_recorded(study: Study, tmp_path: Path) -> None:
    save_data(tmp_path / "d.npz", seed=1)
    study.extend(levels=2, accept_changes=True, **INLINE)
    entries = study.view().provenance[TRAINED_ON]
    assert [entry["accepted"] for entry in entries] == [
        [],
        ["training labels", "validation labels", "test labels"],
    ]
    study.resume(**INLINE)
    assert "a change was accepted (training labels, validation labels, test labels)" in study.report_html()


def test_the_next_study_of_a_process_reads_the_files_again(study: Study, tmp_path: Path) -> None:
    save_data(tmp_path / "d.npz", seed=1)
    new = oracle.sweep({"workload": "npz:d.npz/mlp-4", **TINY}, name="new", db=study.db, **INLINE)
    labels = [found.view().provenance[TRAINED_ON][0]["fingerprints"]["training labels"] for found in (study, new)]
    assert labels[0] != labels[1]


@pytest.mark.parametrize("changed", ["changing.py", "changing_helper.py"])
def test_own_code_that_changed_is_refused(changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    save_data(tmp_path / "d.npz")
    (tmp_path / "changing.py").write_text(dedent(OWN.format(path=str(tmp_path / "d.npz"))), encoding="utf-8")
    (tmp_path / "changing_helper.py").write_text("WIDTH = 4\n", encoding="utf-8")
    db = f"sqlite:///{tmp_path}/own.db"

    def new_process() -> None:
        for name in ("changing", "changing_helper"):
            sys.modules.pop(name, None)

    study = oracle.sweep({"workload": "changing:workload", **TINY}, name="own", db=db, **INLINE)
    path = tmp_path / changed
    path.write_text("# A comment.\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    new_process()
    study.resume(**INLINE)
    path.write_text("SPARE = 1\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    new_process()
    with pytest.raises(oracle.InputError, match=f"has changed: the module {path.stem} in {path}"):
        study.extend(levels=2, **INLINE)
    new_process()
