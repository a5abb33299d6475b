"""The oracle run of a study: asks the state machine what comes next, and is the only writer to the database."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from oracle.driver.attempts import Attempts
from oracle.execution.messages import Failure, Outcome, Stopped, TrialRequest
from oracle.searching.audit import audited
from oracle.searching.cells import CellMaker, rule_of
from oracle.searching.level_search import make_search
from oracle.searching.machine import Blocked, Decide, Stuck, Train, next_action
from oracle.spec.search_methods import SEARCH_METHODS
from oracle.study import lineage
from scyc import density
from studies import FinishedTrial, NewTrial, StoppedTraining, StoppedTrial, StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.driver.events import Listener
    from oracle.execution.messages import Answer, Request
    from oracle.searching.candidates import Cell
    from oracle.spec.model import Spec
    from scyc import StopRule
    from studies import Artifacts, LevelRecord, RunRecord, Store, TrialRecord


class OracleRun:
    """The trials of one oracle run, level after level, resumed from what the database holds.

    Args:
        store: the database.
        run: the run in it.
        spec: spec of the study.
        artifacts: where the weights are; losers' are deleted once their level is decided, unless the spec keeps all.
        listener: told what happens.
        retries: how often to train a trial again if it fails, >= 0, before it is recorded as failed.
        trained_on: fingerprints of data and own code that workers must have, as JSON; "" for any.
    """

    def __init__(
        self,
        store: Store,
        run: RunRecord,
        spec: Spec,
        artifacts: Artifacts,
        listener: Listener,
        retries: int = 0,
        trained_on: str = "",
    ) -> None:
        self.store, self.run, self.spec, self.trained_on = store, run, spec, trained_on
        self.artifacts, self.listener = artifacts, listener
        self._attempts = Attempts(store, listener, retries)
        self.failed: tuple[Cell, ...] = ()  # what blocks the sweep, once nothing else is left to do
        self.stuck = False  # whether no candidate of the level left a network that can be pruned
        self._trial_hash = spec.trial_hash  # computed once: it is asked for often
        self._make = CellMaker(SEARCH_METHODS[spec.search.method].curves, spec.metric)
        store.adopt_trials(run.id, self._trial_hash)
        decisions = store.levels(run.id, history=True)
        self._former = {decision.level: decision.winner for decision in decisions if decision.superseded_at}
        decided = [decision for decision in decisions if not decision.superseded_at]
        self._winners = [decision.winner for decision in decided]
        self._parents: dict[int, str] = {}
        self._rewind_points: dict[int, str] = {}
        self._looks_back = SEARCH_METHODS[spec.search.method].looks_back
        self._before: list[list[Cell]] = []  # the cells of all decided levels, if the search looks back
        winning: list[TrialRecord] = []
        for decision, counted, parents in lineage.walk(decided, spec, self._counting):
            winning = [trial for trial in counted if trial.max_lr == decision.winner]
            self._pass_on(decision.level, winning, decision.winner, parents)
            if self._looks_back:
                self._before.append([self._make.recorded(trial) for trial in counted])
        if decided:  # a driver that was killed after a decision may have left the losers' weights
            self._delete_losers(decided[-1].level, winning)
        self._queue: deque[TrialRequest] = deque()
        self._restoring: dict[
            int, str | None
        ] = {}  # trials trained again for their weights, and on what machine before
        self._enter_level()

    @property
    def complete(self) -> bool:
        """Whether every level is decided."""
        return len(self._winners) >= self.spec.levels

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train: every level is decided, or the next one cannot be."""
        return self.complete or bool(self.failed) or self.stuck

    def next(self, most: int = 1) -> list[TrialRequest]:
        """Return up to `most` trials to train; none if outcomes must come first or the sweep is finished."""
        while not self._queue:
            if self.finished or not self._advance():
                return []
        return [self._queue.popleft() for _ in range(min(most, len(self._queue)))]

    def record(self, answers: Sequence[tuple[Request, Answer]]) -> None:
        """Write outcomes to the database; results in one transaction, and trials that were stopped in another.

        Raises:
            StudyError: they cannot be written, or weights that the study needs again could not be restored.
            TypeError: an answer is not the outcome of a trial; a sweep asks for nothing else.
        """
        finished, stopped = [], []
        for request, outcome in answers:
            if not isinstance(request, TrialRequest) or not isinstance(outcome, Outcome | Stopped | Failure):
                raise TypeError(f"A sweep asks only for trials, but this is the answer to {request!r}.")
            if isinstance(outcome, Outcome) and request.id not in self._restoring:
                finished.append(FinishedTrial(request.id, outcome.result, outcome.saved, outcome.machine))
            elif isinstance(outcome, Stopped):
                training = StoppedTraining(outcome.seconds, outcome.epochs)
                stopped.append(StoppedTrial(request.id, training, outcome.machine))
        self.store.finish_trials(finished)
        if stopped:
            self.store.stop_trials(stopped)
        for request, outcome in answers:
            if isinstance(request, TrialRequest) and isinstance(outcome, Outcome | Stopped | Failure):
                self._act_on(request, outcome)

    def _act_on(self, request: TrialRequest, outcome: Outcome | Stopped | Failure) -> None:
        """Act on an outcome. It is already written, unless it is a failure or restores weights."""
        cell = self._cells[request.id]
        if isinstance(outcome, Stopped):
            self._end(request, self._make.stopped(cell, outcome.epochs))
            self.listener.trial_stopped(request, outcome)
        elif request.id in self._restoring:
            self._restore(request, outcome)
        elif isinstance(outcome, Outcome):
            self._end(request, self._make.complete(cell, outcome.result))
            self.listener.trial_ended(request, outcome)
        elif self._attempts.retry(request, outcome):
            self._queue.append(request)
        else:
            self._end(request, replace(cell, state="failed"))

    def _end(self, request: TrialRequest, cell: Cell) -> None:
        self._cells[request.id] = cell
        self._pending.discard(request.id)

    def _enter_level(self) -> None:
        """Start the first undecided level, or resume it from what the database holds."""
        self.level = len(self._winners)
        self._cells: dict[int, Cell] = {}
        self._pending: set[int] = set()
        self._asked = False  # whether the search was asked since the level was entered
        if self.complete:
            return
        self._search = make_search(self.spec, self.level, self._before)
        self.listener.level_started(self.level, density(self.level, self.spec.pruning.rate))
        self._take(self._trials())

    def _counting(self, decided: LevelRecord) -> list[TrialRecord]:
        """Return the trials of a decided level, whether they count or not: its winner's, or all if they are needed."""
        max_lr = None if self._looks_back else decided.winner
        return self.store.trials(self.run.id, decided.level, max_lr, curves=self._make.curves and self._looks_back)

    def _trials(self, max_lr: float | None = None) -> list[TrialRecord]:
        """Return the current level's trials that count: all, or one candidate's."""
        found = self.store.trials(self.run.id, self.level, max_lr, curves=self._make.curves)
        return lineage.current(found, self.spec, self._parents)

    def _take(self, trials: list[TrialRecord]) -> None:
        """Remember the trials, and queue those that must still be trained."""
        self.listener.trials_proposed(sum(trial.state == "pending" for trial in trials))
        for trial in trials:
            self._attempts.start_from(trial.id, trial.attempts)
            self._cells[trial.id] = self._make.recorded(trial)
            if trial.state == "pending":
                self._pending.add(trial.id)
                audit = audited(trial.level, trial.seed, trial.max_lr)
                self._queue.append(self._request(trial, None if audit else rule_of(trial)))

    def _request(self, trial: TrialRecord, stop: StopRule | None = None) -> TrialRequest:
        rewind_point = self._rewind_points.get(trial.seed) if self.level else None
        return TrialRequest(
            trial.id,
            trial.level,
            trial.seed,
            trial.max_lr,
            trial.parent,
            rewind_point,
            trained_on=self.trained_on,
            stop=stop,
        )

    def _advance(self) -> bool:
        """Do what the state machine says; return whether there may be something to train now.

        The state machine looks at every cell of the level, so it is not asked while it could only say to wait.
        """
        if self._restoring or (self._pending and self._asked):
            return False
        self._asked = True
        cells = list(self._cells.values())
        match next_action(self.spec.levels, self.level, self.spec.seeds, cells, self._search):
            case Train(wanted):
                trials = [
                    NewTrial(
                        self.level,
                        cell.seed,
                        cell.max_lr,
                        self._parents.get(cell.seed),
                        cell.round,
                        self._trial_hash,
                        cell.stop.epoch if cell.stop else None,
                        cell.stop.below if cell.stop else None,
                    )
                    for cell in wanted
                ]
                self._take(self.store.add_trials(self.run.id, trials))
            case Decide() as decision:
                self._decide(decision)
            case Blocked(failed):
                self.failed = failed
                return False
            case Stuck():
                self.stuck = True
                return False
            case _:
                return False
        return True

    def _decide(self, decision: Decide) -> None:
        """Decide the level, or queue its winner's trials if their weights must be restored first."""
        winner, edge = decision.winner, decision.edge
        winning = self._trials(winner)
        there = self.store.with_weights(self.run.id, self.level)
        lacking = [trial for trial in winning if trial.id not in there]
        if lacking:  # a former loser, whose weights were deleted, has won on more seeds
            machines = self.store.trial_machines(self.run.id)
            self._restoring = {trial.id: machines.get(trial.id) for trial in lacking}
            self._queue.extend(self._request(trial) for trial in lacking)
            return
        results = [trial.result for trial in winning if trial.result is not None]
        self.store.decide_level(self.run.id, self.level, results[0].density, winner, edge)
        self._winners.append(winner)
        if self._looks_back:
            self._before.append(list(self._cells.values()))
        self._pass_on(self.level, winning, winner, lineage.checkpoints(winning, winner))
        self._delete_losers(self.level, winning)
        if decision.silence:
            self.listener.level_silent(self.level, winner, decision.silence)
        else:
            vals = [result.val for result in results if result.val is not None]
            val = sum(vals) / len(vals)
            self.listener.level_decided(self.level, winner, val, edge, self._former.get(self.level))
        self._enter_level()

    def _pass_on(self, level: int, winning: list[TrialRecord], winner: float, parents: dict[int, str]) -> None:
        """Let the next level start from what the winner of this one left."""
        self._parents = parents
        if level == 0:
            self._rewind_points = lineage.rewind_points(winning, winner)

    def _restore(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
        if isinstance(outcome, Failure) and self._attempts.again(("weights", request.id)):
            self._queue.append(request)
            self.listener.trial_retried(request, outcome)
            return
        if isinstance(outcome, Failure):
            raise StudyError(
                f"The weights of trial {request.id} are needed again, but training it again failed ({outcome.reason}); "
                "fix the cause, then resume the study."
            )
        machine = self._restoring.pop(request.id)
        elsewhere = machine is not None and outcome.machine is not None and outcome.machine.hash != machine
        # A GPU may round differently each time, and who knows what a training of the user's own writes.
        exact = self.spec.resources.gpus_per_trial == 0 and not self.spec.own_training
        self.store.keep_checkpoints(request.id, outcome.saved, reproducible=exact and not elsewhere)

    def _delete_losers(self, level: int, winning: list[TrialRecord]) -> None:
        """Delete the weights of a decided level that no trial will start from."""
        if self.spec.keep == "all":
            return
        losers = self.store.with_weights(self.run.id, level) - {trial.id for trial in winning}
        for key in self.store.forget_checkpoints(sorted(losers)):
            self.artifacts.delete(key)
