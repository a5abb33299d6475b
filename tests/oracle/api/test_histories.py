"""Random histories of launches, pauses, cancellations, extensions, deletions and kills, against what must hold."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from oracle.api import controlling
from oracle.api.launching import is_lost
from oracle.api.managing import delete_study
from oracle.execution import ExecutionOptions
from oracle.study.opening import ORACLE
from studies import LaunchWaiting, Store, StudyBusy, StudyError, StudyExists, StudyNotFound
from tests.oracle.api.drivers import MOMENT, ForkingLauncher
from tests.oracle.simulation import Laboratory, small_spec

pytestmark = [pytest.mark.faults, pytest.mark.slow]

NAMES = st.sampled_from(["a", "b"])
ENDED = {"ended", "stopped", "refused", "withdrawn"}
OPTIONS = ExecutionOptions(executor="inline", mirror=False)
SEEDS = 4
"""How many seeds a study has at most."""


class Histories(RuleBasedStateMachine):
    """Two studies, and everybody who may touch them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="scyc-histories-")
        self.launcher = ForkingLauncher(Path(self.folder.name))
        with Store.open(self.launcher.db):
            pass
        self.store = Store.open(self.launcher.db, read_only=True)
        self.recorded: dict[str, dict[int, object]] = {"a": {}, "b": {}}
        self.quiet: dict[str, tuple[int, int | None]] = {}  # begun, and recorded where cancelled, when it was stopped
        self.accepted: set[str] = set()

    @initialize()
    def one_is_under_way(self) -> None:
        self.launch("a", fate=1)
        while not self.trials("a"):
            time.sleep(MOMENT)

    @rule(name=NAMES, fate=st.integers(0, 4))
    def launch(self, name: str, fate: int) -> None:
        """One driver in five is lost before it starts."""
        self.launcher.loses[0] = fate == 0
        taken = self.store.find_study(name) is not None or self.waiting(name)
        try:
            self.accept(name, self.launcher.sweep(name, small_spec(engine="eager"), OPTIONS).id)
            assert not taken
        except (StudyExists, LaunchWaiting):
            assert taken or self.store.find_study(name) is not None  # a driver that was under way has made it
        self.launcher.loses[0] = False

    @rule(name=NAMES)
    def resume(self, name: str) -> None:
        self.attempt(name, lambda: self.launcher.resume(name, OPTIONS).id)

    @rule(name=NAMES, seed=st.integers(10, 10 + SEEDS))
    def extend(self, name: str, seed: int) -> None:
        self.attempt(name, lambda: self.launcher.extend(name, OPTIONS, seeds=[seed]).id)

    @rule()
    def start_again(self) -> None:
        for name in self.recorded:
            for launch in self.waiting(name):
                try:
                    self.launcher.again(launch)
                    self.quiet.pop(name, None)
                except StudyError as error:
                    assert "resume its study" in str(error)  # noqa: PT017 - its first driver was quicker

    @rule(name=NAMES)
    def pause(self, name: str) -> None:
        self.stop(name, controlling.pause)
        if name in self.quiet:
            self.quiet[name] = (self.quiet[name][0], None)

    @rule(name=NAMES)
    def cancel(self, name: str) -> None:
        self.stop(name, controlling.cancel)

    @rule(name=NAMES)
    def kill(self, name: str) -> None:
        self.launcher.kill(name)

    @rule(name=NAMES, sure=st.integers(0, 3))
    def delete(self, name: str, sure: int) -> None:
        if sure:
            return
        try:
            delete_study(name, self.launcher.db, self.fail)
        except StudyBusy:
            return
        except StudyNotFound:
            assert not self.recorded[name]
            return
        self.recorded[name] = {}
        self.launcher.wait(name)  # a driver that was about to begin finds nothing
        self.launcher.trained(name).unlink(missing_ok=True)
        self.quiet.pop(name, None)
        self.accepted -= {launch for launch in self.accepted if launch not in self.launches()}

    @rule(trials=st.integers(5, 60))
    def time_passes(self, trials: int) -> None:
        time.sleep(trials * MOMENT)

    @invariant()
    def nothing_recorded_is_lost_or_changed(self) -> None:
        for name, before in self.recorded.items():
            now = self.trials(name)
            assert before.items() <= now.items()
            self.recorded[name] = now

    @invariant()
    def nothing_recorded_is_trained_again(self) -> None:
        for name in self.recorded:
            done: set[str] = set()
            for word, trial in self.log(name):
                assert not (word == "begun" and trial in done), f"Trial {trial} of {name} was trained again."
                if word == "recorded":
                    done.add(trial)

    @invariant()
    def nothing_starts_after_a_pause_and_nothing_is_recorded_after_a_cancellation(self) -> None:
        for name, (begun, recorded) in self.quiet.items():
            assert self.begun(name) == begun
            assert recorded in (None, len(self.trials(name)))

    @invariant()
    def no_launch_is_forgotten(self) -> None:
        assert self.accepted <= self.launches().keys()

    def teardown(self) -> None:
        """Everything that was accepted has ended, or can be brought to its end."""
        try:
            for name in self.recorded:
                self.bring_to_its_end(name)
            for launch in self.store.launches():
                tenure = None if (study := self.store.find_study(launch.study)) is None else self.store.tenure(study)
                assert launch.state in ENDED or is_lost(launch, tenure)
        finally:
            for name in self.recorded:
                self.launcher.kill(name)
            self.store.close()
            self.folder.cleanup()

    def bring_to_its_end(self, name: str) -> None:
        self.launcher.wait(name)
        if waiting := self.waiting(name):
            self.launcher.again(waiting[0])
            self.launcher.wait(name)
        if self.store.find_study(name) is None:
            return
        self.launcher.resume(name, OPTIONS)
        self.launcher.wait(name)
        self.nothing_recorded_is_lost_or_changed()
        self.nothing_recorded_is_trained_again()
        spec = self.store.study(name).spec
        with Laboratory(small_spec(engine="eager", seeds=spec["seeds"])) as undisturbed:
            undisturbed.finish()
            run = self.store.find_run(self.store.study(name).id, ORACLE)
            assert run is not None
            assert [level.winner for level in self.store.levels(run.id)] == undisturbed.winners()

    def attempt(self, name: str, launch: object) -> None:
        """Launch on a study that may not be there, or be busy, or have nothing to add."""
        try:
            self.accept(name, launch())  # type: ignore[operator]
        except LaunchWaiting as error:
            assert error.launch in self.launches()  # noqa: PT017
        except StudyBusy:
            assert self.store.find_study(name) is not None
        except StudyNotFound:
            assert self.store.find_study(name) is None
        except Exception as error:
            assert "adds nothing" in str(error)  # noqa: PT017

    def accept(self, name: str, launch: str) -> None:
        self.accepted.add(launch)
        self.quiet.pop(name, None)

    def stop(self, name: str, how: object) -> None:
        try:
            how(name, self.launcher.db)  # type: ignore[operator]
        except StudyNotFound:
            assert self.store.find_study(name) is None
            return
        self.quiet[name] = (self.begun(name), len(self.trials(name)))

    def launches(self) -> dict[str, str]:
        return {launch.id: launch.state for launch in self.store.launches()}

    def waiting(self, name: str) -> list[str]:
        return [launch.id for launch in self.store.launches(name) if launch.state == "accepted"]

    def trials(self, name: str) -> dict[int, object]:
        """What is recorded of a study."""
        if (study := self.store.find_study(name)) is None:
            return {}
        run = self.store.find_run(study, ORACLE)
        done = [] if run is None else self.store.trials(run.id)
        return {trial.id: (trial.max_lr, trial.seed, trial.level, trial.result) for trial in done if trial.result}

    def log(self, name: str) -> list[list[str]]:
        path = self.launcher.trained(name)
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def begun(self, name: str) -> int:
        return sum(word == "begun" for word, _ in self.log(name))

    @staticmethod
    def fail(sentence: str) -> None:
        raise AssertionError(sentence)


def test_whatever_happens_nothing_is_lost_forgotten_or_trained_twice() -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],  # histories of real processes do not repeat, so none is shortened
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
