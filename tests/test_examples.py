"""The examples run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parent.parent / "examples"
TRAININGS = {
    "plain_pytorch": "--seeds 1 --max-lr 0.1 0.3",
    "shell_command": "--seeds 1 --max-lr 0.1 0.3",
    "with_lightning": "--max-lr 0.01",
    "with_torchrun": "--max-lr 0.1",
    "with_transformers": "--max-lr 0.01",
}


def test_a_training_loop_of_ones_own_prunes_and_follows_the_schedule() -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLES / "training_loop.py"), "--levels", "4", "--epochs", "3"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
    found = re.findall(r"level (\d): density ([\d.]+)%, max_lr ([\d.]+), accuracy ([\d.]+)%", ended.stdout)
    assert [(level, density) for level, density, _, _ in found] == [
        ("0", "100.0"),
        ("1", "80.0"),
        ("2", "64.0"),
        ("3", "51.2"),
    ]
    rates = [float(rate) for _, _, rate, _ in found]
    assert rates == sorted(rates)
    assert all(float(accuracy) > 20 for *_, accuracy in found)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[subprocess.Popen[str], Path]]]:
    """Every example with a training of one's own, started in a folder of its own, with two levels: all at once."""
    found = {}
    for name, options in TRAININGS.items():
        folder = tmp_path_factory.mktemp(name)
        script = EXAMPLES / "own_training" / f"{name}.py"
        command = [sys.executable, "-W", "error", str(script), "--levels", "2", "--executor", "inline"]
        found[name] = (
            subprocess.Popen(
                [*command, *options.split()], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            ),
            folder,
        )
    yield found
    for process, _ in found.values():
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_of_ones_own_is_searched(name: str, started: dict[str, tuple[subprocess.Popen[str], Path]]) -> None:
    process, folder = started[name]
    printed, complaints = process.communicate(timeout=240)
    assert process.returncode == 0, complaints
    assert complaints == ""
    assert "winner" in printed
    study = oracle.open_study(name.replace("_", "-"), f"sqlite:///{folder}/scyc.db")
    curve, trials = study.curve(), study.trials()
    assert curve["density"].tolist() == [1.0, 0.8]
    assert set(trials["state"]) == {"complete"}
    assert learned(name, curve)
    assert study.epochs().groupby("id").size().min() >= 3


def learned(name: str, curve: pd.DataFrame) -> bool:
    """Whether the trainings ended better than guessing: a perplexity of 128 bytes, and the target's variance of 0.7."""
    val = curve["val"]
    bound = {"with_transformers": 20, "shell_command": 0.1}.get(name)
    return bool((val > 0.8).all()) if bound is None else bool((val < bound).all())


def test_examples_with_a_training_of_ones_own_are_short() -> None:
    files = sorted((EXAMPLES / "own_training").iterdir())
    assert {path.stem for path in files if path.suffix == ".py"} == set(TRAININGS)
    assert all(len(path.read_text(encoding="utf-8").splitlines()) < 80 for path in files if path.suffix != "")
