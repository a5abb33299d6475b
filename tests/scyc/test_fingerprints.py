from __future__ import annotations

import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
import torch

from scyc.errors import InputError
from scyc.fingerprints import OUTPUTS, WEIGHTS, changed, fingerprints, forget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DATA = {f"{split} {part}" for split in ("training", "validation", "test") for part in ("inputs", "labels")}
OWN = """
import numpy as np
import torch
from scyc.data import Dataset, Split
from scyc.models import mlp
from scyc.workloads import Workload
import mine_helper

def load():
    inputs = torch.from_numpy(np.load("mine.npy"))
    split = Split(inputs, torch.arange(len(inputs)) % 2)
    return Dataset(split, split, split, 2)

class Extra(torch.nn.Identity):
    def get_extra_state(self):
        return "no tensor"

    def set_extra_state(self, state):
        pass

def build():
    network = mlp(inputs=3, hidden=(mine_helper.WIDTH,), classes=2)
    network.load_state_dict(torch.load("mine.pt"), strict=False)
    network.append(Extra())
    return network

workload = Workload("mine", build, load)
"""


@pytest.fixture
def again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], dict[str, str]]]:
    """An own workload that reads files; the fingerprints that a new process would have."""
    import numpy as np

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    (tmp_path / "mine.py").write_text(dedent(OWN), encoding="utf-8")
    (tmp_path / "mine_helper.py").write_text("WIDTH = 4\n", encoding="utf-8")
    np.save(tmp_path / "mine.npy", np.random.default_rng(0).normal(size=(20, 3)).astype("float32"))
    torch.save({}, tmp_path / "mine.pt")

    def start_again() -> dict[str, str]:
        for name in ("mine", "mine_helper"):
            sys.modules.pop(name, None)
        forget()
        return fingerprints("mine:workload")

    yield start_again
    for name in ("mine", "mine_helper"):
        sys.modules.pop(name, None)


def test_a_built_in_workload_has_the_fingerprints_of_its_data() -> None:
    assert fingerprints("digits/mlp-20").keys() == DATA
    assert fingerprints("digits/mlp-20") == fingerprints("digits/lenet-300-100")


def test_an_own_workload_has_also_those_of_its_weights_and_code(again: Callable[[], dict[str, str]]) -> None:
    state = torch.get_rng_state()
    before = again()
    assert before.keys() == DATA | {WEIGHTS, OUTPUTS, "module mine", "module mine_helper"}
    assert torch.equal(torch.get_rng_state(), state)
    assert changed(before, again()) == []


def test_what_its_code_reads_is_noticed(again: Callable[[], dict[str, str]], tmp_path: Path) -> None:
    import numpy as np

    before = again()
    np.save(tmp_path / "mine.npy", np.load(tmp_path / "mine.npy")[::-1].copy())
    assert set(changed(before, again())) == {OUTPUTS} | {name for name in DATA if "inputs" in name}
    before = again()
    torch.save({"0.bias": torch.ones(4)} | {"1.bias": torch.ones(4)}, tmp_path / "mine.pt")
    assert changed(before, again()) == [WEIGHTS, OUTPUTS]


SETTINGS = """
import json
import os
from pathlib import Path

import torch
from scyc.data import Dataset, Split
from scyc.workloads import Workload

set = json.loads(Path("set.json").read_text()) if Path("set.json").exists() else {}
exec(Path("more.txt").read_text() if Path("more.txt").exists() else "")

def load():
    split = Split(torch.arange(60.0).view(20, 3).sin(), torch.arange(20) % 2)
    return Dataset(split, split, split, 2)

def build():
    dropout = torch.nn.Dropout(set.get("dropout", 0.1))
    slope = torch.nn.LeakyReLU(float(os.environ.get("SLOPE", "0.01")))
    return torch.nn.Sequential(torch.nn.Linear(3, 9), slope, dropout, torch.nn.Linear(9, 2))

def noise(inputs, generator):
    return inputs + set.get("noise", 0.1) * torch.randn(inputs.shape, generator=generator)

workload = Workload("mine", build, load, noise)
"""


@pytest.mark.parametrize("kind", ["dropout", "noise", "environment", "executed text"])
def test_what_changes_only_how_the_network_computes_is_noticed(
    again: Callable[[], dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    (tmp_path / "mine.py").write_text(SETTINGS, encoding="utf-8")
    before = again()
    assert changed(before, again()) == []
    if kind == "environment":
        monkeypatch.setenv("SLOPE", "0.3")
    elif kind == "executed text":
        (tmp_path / "more.txt").write_text("set['dropout'] = 0.2", encoding="utf-8")
    else:
        (tmp_path / "set.json").write_text(f'{{"{kind}": 0.2}}', encoding="utf-8")
    assert changed(before, again()) == [OUTPUTS]


@pytest.mark.parametrize("output", ["raise RuntimeError('needs a GPU')", "return None", "return inputs, inputs"])
def test_a_network_that_cannot_compute_here_has_no_outputs(
    again: Callable[[], dict[str, str]], tmp_path: Path, output: str
) -> None:
    own = f"class Odd(torch.nn.Linear):\n    def forward(self, inputs):\n        {output}\n"
    text = SETTINGS.replace("def noise", f"{own}\nbuild = lambda: Odd(3, 2)\n\ndef noise")
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    assert again().keys() == DATA | {WEIGHTS, "module mine"}


def test_data_and_weights_from_a_generator_without_a_seed_are_never_the_same(
    again: Callable[[], dict[str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        OWN.replace(
            'torch.from_numpy(np.load("mine.npy"))', "torch.from_numpy(np.random.default_rng().normal(size=(20, 3)))"
        ),
        encoding="utf-8",
    )
    assert "training inputs" in changed(again(), again())
    path.write_text(OWN.replace("return network", "network[0].weight.data += np.random.rand()\n    return network"))
    assert WEIGHTS in changed(again(), again())


def test_a_helper_that_changes_while_the_process_runs_its_former_code_is_refused(
    again: Callable[[], dict[str, str]], tmp_path: Path
) -> None:
    before = again()
    (tmp_path / "mine_helper.py").write_text(
        "WIDTH = 5  # of another size, or Python would take its bytecode\n", encoding="utf-8"
    )
    forget()
    with pytest.raises(
        InputError, match=r"imported 'mine', code has changed .*module mine_helper.* start Python again"
    ):
        fingerprints("mine:workload")
    assert changed(before, again()) == [WEIGHTS, OUTPUTS, "module mine_helper"]


def test_what_is_new_or_gone_has_changed() -> None:
    assert changed({"a": "int64[1] x", "b": "int64[1] x"}, {"b": "int64[1] x", "c": "int64[1] x"}) == ["a", "c"]
    assert changed({OUTPUTS: "float32[1] x"}, {}) == changed({}, {OUTPUTS: "float32[1] x"}) == []
