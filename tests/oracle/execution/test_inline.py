"""The executor in this process, which the others are measured by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.execution.inline import InlineExecutor
from oracle.testing import sweeps
from oracle.testing.executors import ExecutorConformance

if TYPE_CHECKING:
    from oracle.execution import Executor

pytestmark = pytest.mark.slow


class TestInline(ExecutorConformance):
    def make_executor(self, workers: int) -> Executor:
        return InlineExecutor()


def test_the_runs_that_all_are_measured_by_do_what_their_schedules_say() -> None:
    found = sweeps.reference_walk()
    for trials, _, gradients in found.values():
        assert len(trials) == len(gradients) == 4
    assert {len(measured) for _, measured, _ in found.values()} == {0, 4}
    rates = {name: {level: max_lr for _, level, max_lr, *_ in run[0]} for name, run in found.items()}
    assert rates["clr"] == {0: 0.1, 1: 0.1}
    assert rates["gradient-scaled"][1] != 0.1
    dense = {name: run[0][0][3] for name, run in found.items()}
    assert dense["clr"] == dense["allr"] == dense["gradient-scaled"]  # the retraining variants' dense network too
    assert len({run[0][1][3] for run in found.values()}) == 4  # no two train level 1 the same way
