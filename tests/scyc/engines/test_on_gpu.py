"""Engines on a GPU, where steps are recorded. `python -m benchmarks.gpu_check` runs these without tests/conftest.py."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from scyc.bench import free_memory
from scyc.engines import EAGER, ENGINES
from scyc.optimizers import OptimizerSettings
from scyc.pruning import Masks, prunable_weights
from scyc.training import loop
from scyc.training.learner import Learner
from tests.scyc.engines.test_engines import DATA, RATES, RECIPE, TOGETHER, assert_close, network

if TYPE_CHECKING:
    from scyc.training.recipe import Recipe
    from scyc.training.result import Training

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="There is no GPU here."),
]


def trained(engine: str, kind: str, rates: tuple[float, ...] = RATES, recipe: Recipe = RECIPE) -> list[Training]:
    data = DATA.to("cuda")

    def one(max_lr: float) -> Learner:
        model = network(kind).cuda()
        ENGINES[engine].lay_out(model)
        masks = Masks.dense(model, prunable_weights(model))
        return Learner(model, masks, recipe, recipe.steps(len(data.train)), max_lr=max_lr)

    def run(rates: tuple[float, ...]) -> list[Training]:
        return loop.train([one(rate) for rate in rates], data, seed=0, level=1, engine=ENGINES[engine])

    return run(rates) if ENGINES[engine] is not EAGER else [run((rate,))[0] for rate in rates]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("kind", ["mlp", "resnet-8"])
@pytest.mark.parametrize("name", TOGETHER)
def test_networks_together_train_as_each_does_alone(name: str, kind: str, precision: str) -> None:
    recipe = replace(RECIPE, precision=precision)  # type: ignore[arg-type]
    for found, reference in zip(trained(name, kind, recipe=recipe), trained("eager", kind, recipe=recipe), strict=True):
        assert_close(found, reference, tolerance=1e-2 if precision == "fp32" else 0.25)


def test_adamw_is_recorded_and_nothing_warns() -> None:
    recipe = replace(RECIPE, optimizer=OptimizerSettings("adamw"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = trained("graphs", "mlp", (0.001, 0.01), recipe)
    for one, reference in zip(found, trained("eager", "mlp", (0.001, 0.01), recipe), strict=True):
        assert_close(one, reference, tolerance=1e-2)


@pytest.mark.parametrize("name", TOGETHER)
def test_one_that_diverges_does_not_disturb_the_others(name: str) -> None:
    found = trained(name, "resnet-8", (0.02, 1e30, 0.1))
    assert found[1].diverged
    for one, reference in zip(found[::2], trained("eager", "resnet-8", (0.02, 0.1)), strict=True):
        assert_close(one, reference, tolerance=1e-2)


@pytest.mark.parametrize("name", TOGETHER)
def test_groups_of_any_size_leave_no_memory_held(name: str) -> None:
    held = []
    for members in (4, 1, 3, 4):
        trained(name, "resnet-8", (0.1,) * members)
        free_memory(torch.device("cuda"))
        held.append(torch.cuda.memory_allocated())
    assert max(held) <= held[0] + 2**20
