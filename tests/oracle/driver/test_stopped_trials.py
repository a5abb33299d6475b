"""Trials that rules stop: what the sweep hands out, records and tells, and that it can be killed anywhere."""

from __future__ import annotations

import functools
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from oracle.driver.events import Listener, Listeners
from oracle.driver.machine_watch import MachineWatch
from oracle.execution.messages import Outcome, Stopped
from oracle.searching import machine
from oracle.searching.audit import audited
from oracle.searching.machine import Train
from oracle.spec.search_methods import SEARCH_METHODS
from oracle.study.machines import Machines
from oracle.testing.records import MACHINE
from scyc import StopRule
from tests.oracle.driver.test_oracle_run import Killed, kill_after
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.execution.messages import Failure, TrialRequest
    from oracle.searching.candidates import Cell

RULE = StopRule(0, 0.85)  # of 0.1, 0.2, 0.4 and 0.8, it leaves the two beside the optimum
HOPELESS = functools.partial(Laboratory, small_spec(search={"max_lr": {"values": [0.02, 0.1, 0.2, 0.4, 1.0]}}))


def ruled(levels: int, level: int, seeds: Sequence[int], cells: Sequence[Cell], *rest: Any) -> Any:
    """A state machine that gives every trial a rule, and takes one that was stopped for a bad one."""
    seen = [replace(cell, state="complete", score=0.0) if cell.state == "stopped" else cell for cell in cells]
    action = machine.next_action(levels, level, seeds, seen, *rest)
    if isinstance(action, Train):
        return Train(tuple(replace(cell, stop=RULE) for cell in action.cells))
    return action


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Cell, ...]]:
    """The cells that the state machine was shown, in the order of the calls."""
    shown: list[tuple[Cell, ...]] = []

    def watched(levels: int, level: int, seeds: Sequence[int], cells: Sequence[Cell], *rest: Any) -> Any:
        shown.append(tuple(sorted(cells, key=lambda cell: (cell.max_lr, cell.seed))))
        return ruled(levels, level, seeds, cells, *rest)

    monkeypatch.setattr("oracle.driver.oracle_run.next_action", watched)
    return shown


@pytest.fixture
def curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the grid ask for curves."""
    methods = {**SEARCH_METHODS, "grid": replace(SEARCH_METHODS["grid"], curves=True)}
    monkeypatch.setattr("oracle.driver.oracle_run.SEARCH_METHODS", methods)


@pytest.fixture
def nobody_audited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.driver.oracle_run.audited", lambda *_: False)


@pytest.fixture
def lab(asked: object, nobody_audited: None) -> Iterator[Laboratory]:
    with HOPELESS() as lab:
        yield lab


class Diary(Listener):
    """Remembers how trials ended."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
        self.heard.append(("ended", request.id))

    def trial_stopped(self, request: TrialRequest, stopped: Stopped) -> None:
        assert stopped.epochs
        self.heard.append(("stopped", request.id))


def states(lab: Laboratory) -> dict[float, set[str]]:
    found: dict[float, set[str]] = {}
    for trial in lab.store.trials(lab.run.id):
        found.setdefault(trial.max_lr, set()).add(trial.state)
    return found


def test_they_are_recorded_and_the_level_is_decided_without_them(lab: Laboratory) -> None:
    diary = Diary()
    lab.work(lab.sweep(Listeners(diary)))
    assert states(lab) == {
        0.02: {"stopped"},
        0.1: {"complete"},
        0.2: {"complete"},
        0.4: {"complete"},
        1.0: {"stopped"},
    }
    assert lab.winners() == [0.2] * 3
    for trial in lab.store.trials(lab.run.id, curves=True):
        assert (trial.stop_epoch, trial.stop_below) == (RULE.epoch, RULE.below)
        if trial.stopped is not None:
            assert [epoch.step for epoch in trial.stopped.epochs] == [0]
            assert (trial.stopped.epochs[0].val or 0.0) < RULE.below
    counts = lab.store.counts(lab.run.id)
    assert counts == {"pending": 0, "complete": 18, "failed": 0, "stopped": 12}
    assert sorted(number for _, number in diary.heard) == [trial.id for trial in lab.store.trials(lab.run.id)]
    assert sum(word == "stopped" for word, _ in diary.heard) == 12
    assert {request.stop for request in lab.handed_out} == {RULE}


def test_they_leave_no_weights(lab: Laboratory) -> None:
    lab.finish()
    assert set(lab.artifacts.hashes()) == lab.needed()


@pytest.mark.parametrize("with_curves", [True, False])
def test_what_is_resumed_sees_the_same_cells(
    asked: list[tuple[Cell, ...]],
    nobody_audited: None,
    with_curves: bool,
    request: pytest.FixtureRequest,
) -> None:
    if with_curves:
        request.getfixturevalue("curves")
    seen = []
    for resumed in (False, True):
        with HOPELESS() as lab:
            sweep = lab.sweep()
            lab.work(sweep, most=10)
            asked.clear()
            (lab.sweep() if resumed else sweep).next()
            seen.append(asked[0])
    assert seen[0] == seen[1]
    assert {cell.stop for cell in seen[0]} == {RULE}
    assert {(cell.state, len(cell.curve)) for cell in seen[0]} == (
        {("complete", 2), ("stopped", 1)} if with_curves else {("complete", 0), ("stopped", 0)}
    )
    assert all(cell.score is None for cell in seen[0] if cell.state == "stopped")


def test_killed_anywhere_it_ends_the_same(lab: Laboratory, asked: list[tuple[Cell, ...]]) -> None:
    expected = lab.finish().state()
    stopped = {trial.id for trial in lab.store.trials(lab.run.id) if trial.state == "stopped"}
    assert stopped
    for stop in range(0, 31, 3):
        with HOPELESS() as again:
            again.work(again.sweep(), most=stop, at_once=4, order=Random(stop), together=3)
            recorded = {t.id for t in again.store.trials(again.run.id) if t.state in ("complete", "stopped")}
            assert len(recorded) == stop
            again.handed_out.clear()
            again.work(again.sweep(), at_once=4, order=Random(stop), together=3)
            assert recorded.isdisjoint(request.id for request in again.handed_out)
            assert again.state() == expected
    assert asked


def test_killed_after_any_write_it_ends_the_same(lab: Laboratory) -> None:
    writes = kill_after(lab, 0)
    expected = lab.finish().state()
    assert writes.count("stop_trials") >= 12
    for stop, last in enumerate(writes, start=1):
        if last != "stop_trials":
            continue
        with HOPELESS() as again:
            kill_after(again, stop)
            with pytest.raises(Killed):
                again.finish()
            again.finish()
            assert again.state() == expected


class TestAudit:
    def test_a_few_are_finished_all_the_same(self, asked: object, monkeypatch: pytest.MonkeyPatch) -> None:
        chosen = {(0, 7, 1.0), (1, 0, 0.2), (2, 0, 0.02)}
        monkeypatch.setattr("oracle.driver.oracle_run.audited", lambda *key: key in chosen)
        with HOPELESS() as lab:
            lab.finish()
            free = {(r.level, r.seed, r.max_lr) for r in lab.handed_out if r.stop is None}
            assert free == chosen
            trials = {(t.level, t.seed, t.max_lr): t for t in lab.store.trials(lab.run.id)}
            for key in chosen:
                assert (trials[key].state, trials[key].stop_below) == ("complete", RULE.below)
            assert lab.store.counts(lab.run.id)["stopped"] == 10

    def test_the_sweep_asks_the_hash(self, asked: object) -> None:
        with HOPELESS() as lab:
            lab.finish()
            for request in lab.handed_out:
                assert (request.stop is None) == audited(request.level, request.seed, request.max_lr)


def test_weights_are_restored_without_a_rule(asked: list[Any], nobody_audited: None) -> None:
    """On another machine a rule might stop what it did not stop before."""
    with HOPELESS() as lab:
        sweep = lab.sweep()
        lab.work(sweep, most=10)
        winning = [t for t in lab.store.trials(lab.run.id, 0) if t.max_lr == 0.2]
        for key in lab.store.forget_checkpoints([trial.id for trial in winning]):
            lab.artifacts.delete(key)
        lab.handed_out.clear()
        lab.work(sweep, most=2)
        assert [(request.max_lr, request.stop) for request in lab.handed_out] == [(0.2, None)] * 2
        lab.work(sweep)
        assert lab.winners() == [0.2] * 3


def test_a_machine_that_stops_trials_is_seen_too() -> None:
    said: list[str] = []
    watch = MachineWatch("s", Machines(), said.append)
    with HOPELESS() as lab:
        [request] = lab.sweep().next(1)
        watch.trial_stopped(request, Stopped((), 1.0, MACHINE))
        assert watch.begun
        watch.trial_stopped(request, Stopped((), 1.0, replace(MACHINE, torch="1.0")))
    assert len(said) == 1
