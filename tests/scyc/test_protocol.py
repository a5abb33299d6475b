"""What the trials of a study share: which parameters are pruned, and whether the recipe fits the data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from torch import nn

from scyc import InputError
from scyc.protocol import Protocol, Pruning
from scyc.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scyc.data import Dataset


def no_data() -> Dataset:
    raise AssertionError("What is pruned does not depend on the data.")


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def protocol(prunable: Callable[[nn.Module], Iterable[str]] | None = None, **pruning: object) -> Protocol:
    return Protocol(Workload("mine", network, no_data, prunable=prunable), pruning=Pruning(**pruning))  # type: ignore[arg-type]


def test_by_default_layers_say_what_is_pruned() -> None:
    assert protocol().prunable(network()) == ["0.weight", "2.weight"]
    assert protocol(batch_norm=True).prunable(network()) == ["0.weight", "1.weight", "2.weight"]


def test_the_workload_may_say_what_is_pruned_and_the_spec_has_the_last_word() -> None:
    def all_but_the_last(model: nn.Module) -> list[str]:
        return [name for name, weight in model.named_parameters() if weight.dim() > 1][:-1]

    mine = protocol(all_but_the_last)
    assert mine.prunable(network()) == ["0.weight"]
    assert protocol(lambda _: iter(["?.weight"])).prunable(network()) == ["0.weight", "1.weight", "2.weight"]
    assert replace(mine, pruning=Pruning(parameters=("2.*",))).prunable(network()) == ["2.weight", "2.bias"]


def test_names_that_do_not_fit_say_whose_they_are() -> None:
    with pytest.raises(InputError, match=r"^pruning\.parameters has '3\.weight', which matches no parameter"):
        protocol(parameters=("3.weight",)).prunable(network())
    with pytest.raises(InputError, match=r"^`prunable` of the workload 'mine' has 'head', which matches no parameter"):
        protocol(lambda _: ["head"]).prunable(network())
    with pytest.raises(InputError, match=r"^`prunable` of the workload 'mine' names no parameter"):
        protocol(lambda _: []).prunable(network())
    with pytest.raises(InputError, match=r"leave out pruning\.batch_norm"):
        protocol(lambda _: ["0.weight"], batch_norm=True).prunable(network())
