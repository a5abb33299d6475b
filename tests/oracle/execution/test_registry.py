"""Which executor the options ask for, and what it takes to add one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from oracle.execution import EXECUTORS, ExecutionOptions, make_executor
from oracle.execution.inline import InlineExecutor
from oracle.execution.options import AUTO
from oracle.execution.processes import ProcessExecutor
from oracle.execution.tune import TuneExecutor
from oracle.spec.files import parse_spec
from scyc import InputError

if TYPE_CHECKING:
    from oracle.execution import Executor
    from oracle.spec.model import Spec

ON_CPU = parse_spec({}, "of the test")
ON_GPU = parse_spec({"resources": {"gpus_per_trial": 0.5}}, "of the test")


@pytest.mark.parametrize(
    ("address", "spec", "expected"),
    [(None, ON_CPU, ProcessExecutor), (None, ON_GPU, TuneExecutor), ("127.0.0.1:1", ON_CPU, TuneExecutor)],
)
def test_auto_takes_ray_for_a_cluster_and_for_gpus(address: str | None, spec: Spec, expected: type) -> None:
    assert type(make_executor(ExecutionOptions(workers=1, ray_address=address), spec)) is expected


def test_the_options_reach_the_executor() -> None:
    assert isinstance(make_executor(ExecutionOptions("inline"), ON_CPU), InlineExecutor)
    processes = make_executor(ExecutionOptions("processes", workers=3, trial_timeout=7.0), ON_CPU)
    assert isinstance(processes, ProcessExecutor)
    assert (processes.workers, processes.limit) == (3, 7.0)
    tune = make_executor(ExecutionOptions("tune", ray_address="here:1", trial_timeout=7.0), ON_CPU)
    assert isinstance(tune, TuneExecutor)
    assert (tune.workers, tune.address, tune.limit) == (None, "here:1", 7.0)  # as many as the cluster has room for
    assert (processes.here, tune.here, make_executor(ExecutionOptions("tune", 1), ON_CPU).here) == (True, False, True)


def test_without_a_number_there_are_as_many_workers_as_the_machine_has_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(7))
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)

    def workers(executor: str, **resources: Any) -> Any:
        made: Any = make_executor(ExecutionOptions(executor), parse_spec({"resources": resources}, "of the test"))
        return made.workers

    assert [workers("processes", cpus_per_trial=cpus) for cpus in (1, 3, 100)] == [7, 2, 1]
    assert [workers("tune", gpus_per_trial=gpus) for gpus in (0.25, 0.4, 1.0, 4.0)] == [7, 4, 2, 1]


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"no executor 'slurm'; choose one of auto, .*inline"):
        make_executor(ExecutionOptions("slurm"), ON_CPU)


@pytest.mark.parametrize("bad", [{"workers": 0}, {"trial_timeout": 0.0}, {"trial_timeout": -1.0}, {"retries": -1}])
def test_numbers_out_of_range_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(bad))):
        ExecutionOptions(**bad)


class Slurm:
    """Somebody's own executor."""

    here = False

    @classmethod
    def from_options(cls, options: ExecutionOptions, spec: Spec) -> Slurm:
        return cls()

    def run(self, *_: object) -> None:
        pass


def test_a_row_is_all_that_an_executor_of_ones_own_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.execution.registry.EXECUTORS", {**EXECUTORS, "slurm": f"{__name__}:Slurm"})
    executor: Executor = make_executor(ExecutionOptions("slurm"), ON_CPU)
    assert type(executor).__name__ == "Slurm"


def test_the_names_are_known_without_importing_what_they_stand_for() -> None:
    script = """
import sys
import oracle.execution
heavy = {"ray", "torch", "optuna", "sqlalchemy", "pydantic", "pandas", "plotly"}
print(*sorted(heavy & set(sys.modules)), *oracle.execution.EXECUTORS)
"""
    said = subprocess.check_output([sys.executable, "-c", script], text=True).split()
    assert said == list(EXECUTORS)
    assert AUTO not in EXECUTORS
