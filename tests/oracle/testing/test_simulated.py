"""Sweeps on a simulated cluster: the state machine and the database are the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.audit import audit
from benchmarks.simulation import LEVELS, SEEDS, sweep
from oracle.driver.schedule_runs import ScheduleRuns
from oracle.execution.deaths import Died
from oracle.testing.simulated import SimulatedExecutor
from scyc import Constant, GradientScaled, Policy
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from tests.studies.server import Server


def simulated(executor: SimulatedExecutor, retries: int = 0) -> tuple[Any, ...]:
    """What a sweep comes to, the weights that are kept included."""
    with Laboratory(small_spec()) as lab:
        sweep = lab.sweep(retries=retries)
        executor.run(sweep, lab.spec, lab.artifacts)
        assert sweep.complete
        return lab.state(), sorted(lab.artifacts.hashes())


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 4, 1000])
@pytest.mark.parametrize(("pause", "deaths"), [(0.0, 0.0), (100.0, 0.0), (30.0, 0.4)])
def test_it_comes_to_what_one_trial_after_another_comes_to(workers: int, pause: float, deaths: float) -> None:
    with Laboratory(small_spec()) as lab:
        expected = lab.finish().state(), sorted(lab.artifacts.hashes())
    executor = SimulatedExecutor(workers, pause=pause, deaths=deaths, weights=True)
    assert simulated(executor, retries=20) == expected
    assert (executor.died > 0) == (deaths > 0)


def test_the_same_arguments_give_the_same_course() -> None:
    courses = set()
    for seed in (0, 0, 1):
        executor = SimulatedExecutor(3, deaths=0.2, seed=seed)
        simulated(executor, retries=20)
        courses.add((executor.clock, executor.busy, executor.died))
    assert len(courses) == 2


def test_time_passes_as_it_would() -> None:
    alone, many = SimulatedExecutor(1), SimulatedExecutor(1000)
    for executor in (alone, many):
        simulated(executor)
    assert alone.clock == pytest.approx(alone.busy)  # one worker is never idle
    assert 30 * 18 <= alone.clock <= 90 * 18
    assert 30 * 3 <= many.clock <= 90 * 3  # three levels one after another, each at once
    assert many.busy == pytest.approx(alone.busy)


def test_a_trial_whose_workers_keep_dying_fails() -> None:
    with Laboratory(small_spec()) as lab:
        sweep = lab.sweep(retries=1)
        SimulatedExecutor(2, deaths=0.9).run(sweep, lab.spec, lab.artifacts)
        assert sweep.failed
        errors = {trial.error for trial in lab.store.trials(lab.run.id) if trial.state == "failed"}
        assert errors == {Died().error}


def test_runs_of_schedules_are_simulated_too() -> None:
    with Laboratory(small_spec()) as lab:
        policies = {"constant": Policy(Constant(0.1)), "scaled": Policy(GradientScaled(0.1))}
        runs = [lab.open_walk(policy, name) for name, policy in policies.items()]
        walks = ScheduleRuns([lab.walk(run, seeds=range(5)) for run in runs])
        SimulatedExecutor(4, pause=10.0).run(walks, lab.spec, lab.artifacts)
        assert walks.complete
        assert [len(lab.store.trials(run.id)) for run in runs] == [15, 15]
        assert len(lab.store.measurements(runs[1].id)) == 15


def test_an_error_of_the_database_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("the disk is full")

    with Laboratory(small_spec()) as lab:
        monkeypatch.setattr(lab.store, "finish_trials", refuse)
        with pytest.raises(OSError, match="the disk is full"):
            SimulatedExecutor(2).run(lab.sweep(), lab.spec, lab.artifacts)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_thousands_of_trials_are_recorded_exactly_once(
    kind: str, request: pytest.FixtureRequest, tmp_path: Any
) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path}/scyc.db"
    else:
        server: Server = request.getfixturevalue("server")
        url = server.empty()
    measured = sweep(url, trials=4000, workers=1000, epochs=3, batch=100)
    assert measured.trials == 4000
    assert measured.died > 0
    for answer in audit(url, 4000, LEVELS, SEEDS, epochs=3):
        assert answer.found == answer.expected, answer.question
