"""What an import brings with it: PyTorch takes seconds, and the formulas need none of it."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

import scyc

ROOT = Path(scyc.__file__).parent
HEAVY = {"torch", "numpy", "torchvision", "sklearn"}
LAZY = [
    "scyc",
    *(f"scyc.{path.parent.name}" for path in sorted(ROOT.glob("*/__init__.pyi"))),
]
LIGHT = [
    "from scyc import SCyc; assert 0.03 < SCyc(delta=0.03, epsilon=0.04)(3) < 0.07",
    "from scyc import PRESETS, PROFILES, SCHEDULES, InputError, Policy, named_policies, policy_from_dict",
    "import scyc.errors, scyc.schedules, scyc.measured_schedules",
    "import scyc.profiles.profile, scyc.profiles.restarts, scyc.profiles.shapes",
    "import scyc.policies.named, scyc.policies.plain",
    "from scyc.measured_schedules import Measured; Measured(0.5, 1.0)",
    "from scyc.gradients import HISTOGRAM_EDGES, POINTS, QUANTILES, GradientSummary, windows; windows(100)",
    "from scyc.optimizers import OptimizerSettings; OptimizerSettings('adamw')",
    "from scyc.training.recipe import Recipe; assert Recipe(epochs=3).steps(640) == 30",
    "from scyc.training.result import EpochMetrics, Snapshot, State, Training",
    "from scyc import StopRule; from scyc.profiles import first_drop; StopRule(3, 0.5)",
    "from scyc.protocol import Checkpoint, Protocol, Pruning; Pruning(criterion='lamp', rewind='reinit')",
    "from scyc.pruning import CRITERIA, Rewind, Scope, Statistics; CRITERIA['erk'].check('global')",
    "from scyc.workloads import Workload, load_workload, workload_names; assert workload_names()",
    "from scyc.data.named import DATA_SETS; from scyc.data.sources import data_root; data_root()",
    "from scyc.models import find_network, network_names; find_network(network_names()[0])",
    "from scyc.randomness import stream_seed; stream_seed('order', 0)",
    "from scyc.signs import Agreement, Overlap, mask_overlap, pooled, sign_agreement",
    *(f"import {package}" for package in LAZY),
]


def imported(statement: str, among: set[str] = HEAVY) -> str:
    """What is imported with a statement in a fresh interpreter."""
    script = f"import sys\n{statement}\nprint(*sorted({among} & sys.modules.keys()))"
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT.parent, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.mark.parametrize("statement", LIGHT)
def test_brings_nothing_heavy(statement: str) -> None:
    assert imported(statement) == ""


@pytest.mark.slow
def test_pytorch_comes_with_what_needs_it() -> None:
    assert "torch" in imported("from scyc import LevelLR").split()


def test_the_packages_that_are_lazy() -> None:
    assert LAZY == ["scyc", "scyc.data", "scyc.engines", "scyc.models", "scyc.pruning", "scyc.signs", "scyc.training"]


@pytest.mark.parametrize("package", LAZY)
class TestLazyPackage:
    def test_every_name_is_there_and_listed(self, package: str) -> None:
        module = import_module(package)
        for name in module.__all__:
            assert getattr(module, name) is not None
        assert set(module.__all__) <= set(dir(module))

    def test_no_name_is_that_of_a_module_which_would_hide_it(self, package: str) -> None:
        module = import_module(package)
        folder = Path(module.__file__ or "").parent
        assert not set(module.__all__) & {path.stem for path in folder.iterdir()}

    def test_a_wrong_name_is_refused(self, package: str) -> None:
        with pytest.raises(AttributeError, match=f"No {package} attribute SCyk"):
            import_module(package).SCyk  # noqa: B018
        with pytest.raises(ImportError, match="cannot import name 'SCyk'"):
            exec(f"from {package} import SCyk")


@pytest.mark.parametrize("module", ["scyc.data.named", "scyc.models.named", "scyc.pruning.criteria.registry"])
def test_everything_that_is_deferred_is_there(module: str) -> None:
    found = [value for value in vars(import_module(module)).values() if isinstance(value, partial)]
    assert len(found) > 5
    for one in found:
        [path] = one.args
        source, _, name = path.partition(":")
        assert callable(getattr(import_module(source), name))


@pytest.mark.slow
def test_training_does_not_import_the_compiler() -> None:
    """It takes a second of processor time, in every worker."""
    script = """
import torch
from scyc.optimizers import OptimizerSettings
for kind in ("sgd", "adamw"):
    optimizer = OptimizerSettings(kind).build(torch.nn.Linear(2, 2))
    optimizer.step()
"""
    assert imported(script, {"torch", "torch._dynamo"}) == "torch"
