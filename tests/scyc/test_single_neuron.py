"""The single hidden neuron of Gadhikar & Burkholz."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import binom

from scyc import InputError
from scyc.single_neuron import SIGNS, Neurons, Rate, Setting, descend, draw, examples, losses, single_neuron

SETTING = Setting(runs=400)


@pytest.fixture(scope="module")
def rates() -> dict[str, Rate]:
    return single_neuron(SETTING)


@pytest.mark.parametrize(("name", "theory"), [("d=1", 0.25), ("dense", 0.5), ("imp", 0.25), ("lrr", 0.5)])
def test_the_rates_are_those_of_the_theory(rates: dict[str, Rate], name: str, theory: float) -> None:
    low, high = binom.interval(0.999, SETTING.runs, theory)
    assert rates[name].runs == SETTING.runs
    assert rates[name].expected == theory
    assert low <= rates[name].successes <= high


def test_success_is_a_matter_of_the_initial_signs(rates: dict[str, Rate]) -> None:
    learned = {"d=1": {"++"}, "imp": {"++"}, "dense": {"++", "+-"}, "lrr": {"++", "+-"}}
    for name, good in learned.items():
        for signs in SIGNS:
            successes, runs = rates[name].by_signs[signs]
            assert runs > 0
            assert successes == (runs if signs in good else 0), (name, signs)


def test_the_pruning_keeps_the_right_input(rates: dict[str, Rate]) -> None:
    assert rates["imp"].masks == rates["lrr"].masks
    assert rates["lrr"].masks is not None
    assert rates["lrr"].masks >= 0.99 * SETTING.runs
    assert rates["d=1"].masks is None


def test_the_number_of_threads_is_as_it_was() -> None:
    threads = torch.get_num_threads()
    small = Setting(runs=3, steps=2, examples=4)
    assert single_neuron(small) == single_neuron(small)
    assert torch.get_num_threads() == threads


def test_initialisations_are_balanced_and_symmetric() -> None:
    first = draw(Setting(runs=2000), 10)
    assert torch.allclose(first.a.abs(), first.w.norm(dim=1))
    assert first.w.std().item() == pytest.approx(10**-0.5, rel=0.05)
    low, high = binom.interval(0.999, 2000, 0.25)
    assert all(low <= first.signs.count(signs) <= high for signs in SIGNS)


def test_a_step_follows_the_gradient() -> None:
    setting = Setting(dimension=3, runs=5, examples=20, steps=1)
    x, y = examples(setting, 3)
    first = draw(setting, 3)
    a, w = first.a.clone().requires_grad_(), first.w.clone().requires_grad_()
    losses(Neurons(a, w), x, y).sum().backward()  # type: ignore[no-untyped-call]
    left = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64).expand(5, 3)
    after = descend(first, x, y, setting, left)
    assert a.grad is not None
    assert w.grad is not None
    assert torch.allclose(after.a, first.a - setting.rate * a.grad)
    assert torch.allclose(after.w, first.w - setting.rate * w.grad * left)


def test_the_target_itself_has_no_loss() -> None:
    setting = Setting(dimension=2, runs=1)
    x, y = examples(setting, 2)
    assert x.abs().max() <= 1
    right = Neurons(torch.tensor([2.0]).double(), torch.tensor([[0.5, 0.0]]).double())
    assert losses(right, x, y).item() == pytest.approx(0)
    assert torch.equal(descend(right, x, y, setting).a, right.a)


@pytest.mark.parametrize("fields", [{"dimension": 1}, {"runs": 0}, {"examples": 0}, {"steps": 0}, {"rate": 0.0}])
def test_bad_settings_are_refused(fields: dict[str, int]) -> None:
    with pytest.raises(InputError):
        Setting(**fields)
