"""The script for a GPU, at a size that a CPU can do."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.gpu_check import apart, cifar
from benchmarks.gpu_check.engines import bar
from benchmarks.gpu_check.findings import CUT, FAILED, OK, SEEN, SKIPPED, Row, read, table, tried
from benchmarks.gpu_check.floor import bytes_moved
from benchmarks.gpu_check.setting import Setting
from scyc.data import load_cifar10
from scyc.models import mlp

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
HIDDEN = """
import sys
class Hidden:
    names = {"ray", "sqlalchemy", "pydantic", "optuna", "plotly", "pandas", "typer", "alembic", "fsspec", "rich",
             "lazy_loader", "hypothesis", "safetensors", "sklearn", "tomlkit", "pyarrow", "kaleido", "psutil"}
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hidden())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in Hidden.names else found(name, package)
from benchmarks.gpu_check.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="It would take its time on the GPU.")
def test_every_step_runs_with_little_more_than_pytorch(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(
        [sys.executable, "-c", HIDDEN, "--out", str(tmp_path), "--minutes", "6"],
        cwd=ROOT,
        env=environment | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    rows = read(tmp_path / "gpu-check.jsonl")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [row for row in rows if row.outcome in (FAILED, CUT)] == []
    assert list(dict.fromkeys(row.step for row in rows)) == [
        "machine",
        "tests",
        "recording",
        "failures",
        "engines",
        "peers",
        "curve",
    ]
    equal = [row for row in rows if "equals eager" in row.what]
    assert len(equal) == 10  # two networks, two precisions; an MLP has no channels
    assert {row.outcome for row in equal} == {OK}
    assert [row.what for row in rows if row.step == "curve"][:2] == [
        "level 0 on made-up images",
        "level 1 on made-up images",
    ]
    assert [row.found for row in rows if row.what == "by scyc sweep"] == ["its packages are not here"]
    assert (tmp_path / "gpu-check.md").read_text() in ended.stdout


def steps_that(kind: str) -> apart.Step:
    def step(setting: Setting) -> Iterator[Row]:
        assert setting.small
        yield Row("a step", "first", OK, "done")
        if kind == "raises":
            raise ValueError("nonsense")
        if kind == "dies":
            os._exit(7)
        time.sleep(60 if kind == "hangs" else 0.1)
        yield Row("a step", "second", OK, "done")
        yield Row("a step", "third", OK, "done")

    return step


@pytest.mark.parametrize(
    ("kind", "outcome", "found"),
    [
        ("raises", FAILED, "ValueError: nonsense"),
        ("dies", FAILED, "its process ended with exit code 7"),
        ("hangs", CUT, "killed after"),
        ("is late", CUT, "its time was over"),
    ],
)
def test_what_a_step_has_found_is_kept_whatever_becomes_of_it(
    kind: str, outcome: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Setting, "grace", 0.3)
    file = tmp_path / "rows"
    apart.run("a step", steps_that(kind), Setting(small=True), 0.05 if kind == "is late" else 0.5, file, lambda: None)
    first, *_, last = read(file)
    assert (first.what, first.outcome) == ("first", OK)
    assert (last.step, last.outcome) == ("a step", outcome)
    assert last.found.startswith(found)
    assert ("ValueError" in last.error) == (kind == "raises")
    assert "third" not in {row.what for row in read(file)}


def test_an_exception_is_a_row_with_its_traceback_below_the_table() -> None:
    row = tried("a step", "division", lambda: (OK, str(1 / 0)))
    assert (row.outcome, row.found) == (FAILED, "ZeroDivisionError: division by zero")
    page = table([Row("a step", "all", SEEN, "a | b"), row], "On a machine")
    assert "| a step | all | seen | a / b | 0.0 |" in page
    assert "1 / 0" in page.partition("## a step: division")[2]


def test_the_bar_is_ten_times_eager_and_three_times_one_graph() -> None:
    slow = {("eager", 1): 10.0, ("graphs", 1): 40.0, ("graphs", 16): 110.0}
    assert tried("engines", "the bar", lambda: bar(slow)).outcome == FAILED
    assert tried("engines", "the bar", lambda: bar(slow | {("stacked", 64): 121.0})).outcome == OK
    assert tried("engines", "the bar", lambda: bar({("eager", 1): 1.0, ("stacked", 4): 99.0})).outcome == SKIPPED


def test_the_floor_counts_what_a_step_moves() -> None:
    model = mlp(10, (20,), 5)
    weights = 10 * 20 + 20 + 20 * 5 + 5
    layers = 4 * (3 * 10 + 2 * 20) + 4 * (3 * 20 + 2 * 20) + 4 * (3 * 20 + 2 * 5)
    assert bytes_moved(model, (4, 10), width=4) == 4 * layers + 4 * 8 * weights


def test_the_compact_file_becomes_a_folder_that_is_read(tmp_path: Path) -> None:
    """Each image has a colour of its own, each batch has six."""
    arrays: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = {}
    for number, name in enumerate(cifar.NAMES):
        mosaic = np.zeros((2 * 32, 3 * 32, 3), np.uint8)
        for place in range(6):
            down, across = divmod(place, 3)
            mosaic[32 * down : 32 * down + 32, 32 * across : 32 * across + 32, 1] = 40 * place
        file = io.BytesIO()
        Image.fromarray(mosaic).save(file, "JPEG", quality=95, subsampling=0)
        arrays[name] = np.frombuffer(file.getvalue(), np.uint8)
        arrays[f"{name}_labels"] = (np.arange(6) + number).astype(np.uint8) % 10
    np.savez(tmp_path / "compact.npz", **arrays)  # type: ignore[arg-type]
    folder = cifar.data_folder(tmp_path / "compact.npz", tmp_path / "data")
    assert cifar.data_folder(folder, tmp_path) == folder
    data = load_cifar10(folder)
    assert (len(data.train) + len(data.validation), len(data.test)) == (30, 6)
    assert data.test.targets.tolist() == [5, 6, 7, 8, 9, 0]
    green = data.test.inputs[:, 1].flatten(1).mean(1)
    assert torch.equal(green.argsort(), torch.arange(6))
    assert data.test.inputs[:, 1].flatten(1).std(1).max() < 0.1
