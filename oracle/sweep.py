"""The driver of an oracle sweep: asks the state machine what comes next, and is the only writer to the database."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from oracle.candidates import Cell
from oracle.machine import Blocked, Decide, Propose, next_action
from oracle.proposers import make_proposer
from oracle.worker import Failure, Outcome, TrialRequest
from scyc import density
from studies import NewTrial

if TYPE_CHECKING:
    from oracle.spec import Spec
    from studies import Artifacts, RunRecord, Store, TrialRecord


class Listener(Protocol):
    """Hears what happens during a sweep."""

    def level_started(self, level: int, density: float) -> None:
        """A level began, or is gone on with."""

    def trials_proposed(self, count: int) -> None:
        """So many trials have yet to be trained at the level under way."""

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
        """A trial was recorded."""

    def level_decided(self, level: int, winner: float, val_accuracy: float, edge: bool) -> None:
        """A level was decided."""


class Sweep:
    """The trials of one oracle run, level after level, going on from what the database holds.

    Args:
        store: the database.
        run: the run in it.
        spec: of the study.
        artifacts: the losers' weights are deleted there once their level is decided.
        listener: hears what happens.
    """

    def __init__(self, store: Store, run: RunRecord, spec: Spec, artifacts: Artifacts, listener: Listener) -> None:
        self.store, self.run, self.spec = store, run, spec
        self.artifacts, self.listener = artifacts, listener
        self.failed: tuple[Cell, ...] = ()  # what blocks the sweep, once nothing else is left to do
        self._winners = [level.winner for level in store.levels(run.id)]
        self._rewind_points = self._winning_trials(0, rewind=True) if self._winners else {}
        if self._winners:  # a driver that was killed after a decision may have left the losers' weights
            last = len(self._winners) - 1
            self._delete_losers(store.trials(run.id, last), self._winners[last])
        self._queue: deque[TrialRequest] = deque()
        self._enter_level()

    @property
    def complete(self) -> bool:
        """Whether every level is decided."""
        return len(self._winners) >= self.spec.levels

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train: every level is decided, or failed trials are in the way."""
        return self.complete or bool(self.failed)

    def next(self) -> TrialRequest | None:
        """Return the next trial to train; None when outcomes must come first, or the sweep is finished."""
        while not self._queue:
            if self.finished or not self._advance():
                return None
        return self._queue.popleft()

    def record(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
        """Write a trial's outcome to the database."""
        cell = self._cells[request.id]
        if isinstance(outcome, Failure):
            self.store.fail_trial(request.id, outcome.error)
            self._cells[request.id] = Cell(cell.max_lr, cell.seed, cell.round, "failed")
        else:
            self.store.finish_trial(request.id, outcome.result, outcome.saved)
            result = outcome.result
            self._cells[request.id] = Cell(
                cell.max_lr, cell.seed, cell.round, "complete", result.val_accuracy, result.diverged
            )
        self.listener.trial_ended(request, outcome)

    def _enter_level(self) -> None:
        """Take up the first undecided level where the database left it."""
        self.level = len(self._winners)
        self._cells: dict[int, Cell] = {}
        if self.complete:
            return
        self._proposer = make_proposer(self.spec, self.level)
        self._parents = self._winning_trials(self.level - 1) if self.level else {}
        self.listener.level_started(self.level, density(self.level, self.spec.pruning.rate))
        self._take(self.store.trials(self.run.id, self.level))

    def _take(self, trials: list[TrialRecord]) -> None:
        """Remember the trials, and queue those that have yet to be trained."""
        self.listener.trials_proposed(sum(trial.state == "pending" for trial in trials))
        for trial in trials:
            result = trial.result
            self._cells[trial.id] = Cell(
                trial.max_lr,
                trial.seed,
                trial.round,
                trial.state,
                result.val_accuracy if result else None,
                result.diverged if result else False,
            )
            if trial.state == "pending":
                rewind_point = self._rewind_points.get(trial.seed)
                self._queue.append(
                    TrialRequest(trial.id, trial.level, trial.seed, trial.max_lr, trial.parent, rewind_point)
                )

    def _advance(self) -> bool:
        """Do what the state machine says; return whether there may be something to train now."""
        match next_action(self.spec.levels, self.level, list(self._cells.values()), self._proposer):
            case Propose(round_, max_lrs):
                trials = [
                    NewTrial(self.level, seed, max_lr, self._parents.get(seed), round_)
                    for max_lr in max_lrs
                    for seed in self.spec.seeds
                ]
                self._take(self.store.add_trials(self.run.id, trials))
            case Decide(winner, edge):
                self._decide(winner, edge)
            case Blocked(failed):
                self.failed = failed
                return False
            case _:
                return False
        return True

    def _decide(self, winner: float, edge: bool) -> None:
        trials = self.store.trials(self.run.id, self.level)
        results = [trial.result for trial in trials if trial.max_lr == winner and trial.result is not None]
        self.store.decide_level(self.run.id, self.level, results[0].density, winner, edge)
        self._winners.append(winner)
        if self.level == 0:
            self._rewind_points = self._winning_trials(0, rewind=True)
        self._delete_losers(trials, winner)
        accuracy = sum(result.val_accuracy for result in results) / len(results)
        self.listener.level_decided(self.level, winner, accuracy, edge)
        self._enter_level()

    def _winning_trials(self, level: int, rewind: bool = False) -> dict[int, str]:
        """Return by seed the hash of the checkpoint (or rewind point) that the level's winner left."""
        hashes = {}
        for trial in self.store.trials(self.run.id, level):
            if trial.max_lr == self._winners[level] and trial.result is not None:
                found = trial.result.rewind_point if rewind else trial.result.checkpoint
                if found is not None:
                    hashes[trial.seed] = found
        return hashes

    def _delete_losers(self, trials: list[TrialRecord], winner: float) -> None:
        """Delete the weights that nothing will start from any more."""
        losers = [trial.id for trial in trials if trial.max_lr != winner]
        for key in self.store.forget_checkpoints(losers):
            self.artifacts.delete(key)
