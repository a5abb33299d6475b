"""The oracle run of a study: asks the state machine what comes next, and is the only writer to the database."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from oracle.driver.attempts import Attempts
from oracle.driver.open_level import OpenLevel
from oracle.driver.weights import Weights
from oracle.execution.messages import Failure, Outcome, Stopped, TrialRequest
from oracle.searching.audit import audited
from oracle.searching.cells import CellMaker, rule_of
from oracle.searching.level_search import make_search
from oracle.searching.machine import Blocked, Decide, Stuck, Train, Wait, next_action
from oracle.spec.search_methods import SEARCH_METHODS
from oracle.study import lineage
from scyc import density
from studies import FinishedTrial, StoppedTraining, StoppedTrial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.driver.events import Listener
    from oracle.execution.messages import Answer, Request
    from oracle.searching.candidates import Cell
    from oracle.spec.model import Spec
    from scyc import StopRule
    from studies import Artifacts, LevelRecord, RunRecord, Store, TrialRecord


class OracleRun:
    """The trials of one oracle run, level after level, resumed from what the database holds.

    Around the first undecided level, the one before may still be trailing, and the next one may have begun.

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
        self.listener = listener
        self._attempts = Attempts(store, listener, retries)
        self._weights = Weights(store, run.id, spec, artifacts, self._attempts)
        self.failed: tuple[Cell, ...] = ()  # what blocks the sweep, once nothing else is left to do
        self.stuck = False  # whether no candidate of the level left a network that can be pruned
        self._trial_hash = spec.trial_hash  # computed once: it is asked for often
        self._make = CellMaker(SEARCH_METHODS[spec.search.method].curves, spec.metric)
        store.adopt_trials(run.id, self._trial_hash)
        decisions = store.levels(run.id, history=True)
        self._former = {decision.level: decision.winner for decision in decisions if decision.superseded_at}
        decided = [decision for decision in decisions if not decision.superseded_at]
        self._winners = [decision.winner for decision in decided]
        self._rewind_points: dict[int, str] = {}
        self._looks_back = SEARCH_METHODS[spec.search.method].looks_back
        self._before: list[list[Cell]] = []  # the cells of all decided levels, if the search looks back
        self._queue: deque[TrialRequest] = deque()
        self._trail: OpenLevel | None = None
        self._ahead: OpenLevel | None = None
        self._due = True  # whether the state machine may have something new to say
        winning: list[TrialRecord] = []
        counted: list[TrialRecord] = []
        started_from: dict[int, str] = {}
        parents: dict[int, str] = {}
        for decision, trials, left in lineage.walk(decided, spec, self._counting):
            counted, started_from, parents = trials, parents, left
            winning = [trial for trial in trials if trial.max_lr == decision.winner]
            if decision.level == 0:
                self._rewind_points = lineage.rewind_points(winning, decision.winner)
            if self._looks_back:
                self._before.append([self._make.recorded(trial) for trial in trials])
        if decided:  # a driver that was killed after a decision may have left the losers' weights
            self._weights.delete_losers(decided[-1].level, winning)
        if decided and self._looks_back and not self.complete:
            last = decided[-1].level
            self._trail = OpenLevel(last, make_search(spec, last, self._before[:last]), started_from)
        self._enter_level(parents)
        if self._trail:
            self._take(self._trail, counted)

    @property
    def complete(self) -> bool:
        """Whether every level is decided."""
        return len(self._winners) >= self.spec.levels

    gate = None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train: every level is decided, or the next one cannot be."""
        return self.complete or bool(self.failed) or self.stuck

    def next(self, most: int = 1) -> list[TrialRequest]:
        """Return up to `most` trials to train; none if outcomes must come first or the sweep is finished."""
        while self._due and not self._weights.restoring and not self.finished:
            self._due = self._advance()
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
            if isinstance(outcome, Outcome) and request.id not in self._weights.restoring:
                finished.append(
                    FinishedTrial(request.id, outcome.result, outcome.saved, outcome.machine, outcome.start)
                )
            elif isinstance(outcome, Stopped):
                training = StoppedTraining(outcome.seconds, outcome.epochs)
                stopped.append(StoppedTrial(request.id, training, outcome.machine, outcome.start))
        self.store.finish_trials(finished)
        if stopped:
            self.store.stop_trials(stopped)
        for request, outcome in answers:
            if isinstance(request, TrialRequest) and isinstance(outcome, Outcome | Stopped | Failure):
                self._act_on(request, outcome)

    def _act_on(self, request: TrialRequest, outcome: Outcome | Stopped | Failure) -> None:
        """Act on an outcome. It is already written, unless it is a failure or restores weights."""
        level = self._level_of(request)
        cell = level.cells[request.id] if level else None
        if request.id in self._weights.restoring and not isinstance(outcome, Stopped):
            if self._weights.restore(request, outcome):
                self._queue.append(request)
                if isinstance(outcome, Failure):
                    self.listener.trial_retried(request, outcome)
            self._due = not self._weights.restoring
        elif isinstance(outcome, Stopped):
            self._end(level, request, self._make.stopped(cell, outcome.epochs) if cell else None)
            self.listener.trial_stopped(request, outcome)
        elif isinstance(outcome, Outcome):
            self._end(level, request, self._make.complete(cell, outcome.result) if cell else None)
            if level is None or level is self._trail:
                self._weights.delete([request.id])
            self.listener.trial_ended(request, outcome)
        elif self._attempts.retry(request, outcome):
            self._queue.append(request)
        else:
            self._end(level, request, replace(cell, state="failed") if cell else None)

    def _level_of(self, request: TrialRequest) -> OpenLevel | None:
        """Return the open level of a trial; None if it began ahead, from a candidate that has not won in the end."""
        there = (level for level in (self._here, self._trail, self._ahead) if level and request.id in level.cells)
        return next(there, None)

    def _end(self, level: OpenLevel | None, request: TrialRequest, cell: Cell | None) -> None:
        self._due |= bool(level and cell and level.end(request.id, cell))

    def _enter_level(self, parents: Mapping[int, str]) -> None:
        """Start the first undecided level, or resume it from what the database holds.

        Args:
            parents: by seed, the checkpoints that its trials start from.
        """
        self.level = len(self._winners)
        self.failed, begun, self._ahead = (), self._ahead, None
        if self.complete:
            return
        search = make_search(self.spec, self.level, self._before)
        self._here = OpenLevel(self.level, search, parents)
        if begun and begun.parents.items() <= parents.items():
            self._here.cells, self._here.pending = begun.cells, begun.pending
        elif begun:
            self._queue = deque(request for request in self._queue if request.id not in begun.pending)
        self.listener.level_started(self.level, density(self.level, self.spec.pruning.rate))
        self._take(self._here, self._trials(self._here))

    def _counting(self, decided: LevelRecord) -> list[TrialRecord]:
        """Return the trials of a decided level, whether they count or not: its winner's, or all if they are needed."""
        max_lr = None if self._looks_back else decided.winner
        return self.store.trials(self.run.id, decided.level, max_lr, curves=self._make.curves and self._looks_back)

    def _trials(self, level: OpenLevel, max_lr: float | None = None) -> list[TrialRecord]:
        """Return the trials of a level that count: all, or one candidate's."""
        found = self.store.trials(self.run.id, level.number, max_lr, curves=self._make.curves)
        return lineage.current(found, self.spec, level.parents)

    def _take(self, level: OpenLevel, trials: Sequence[TrialRecord]) -> None:
        """Remember the trials of a level, and queue those that must still be trained."""
        self.listener.trials_proposed(sum(trial.state == "pending" for trial in trials))
        for trial in trials:
            if not level.add(trial.id, self._make.recorded(trial)):
                continue
            self._attempts.start_from(trial.id, trial.attempts)
            audit = audited(trial.level, trial.seed, trial.max_lr)
            self._queue.append(self._request(trial, None if audit else rule_of(trial)))

    def _request(self, trial: TrialRecord, stop: StopRule | None = None) -> TrialRequest:
        point = self._rewind_points.get(trial.seed) if trial.level else None
        key = trial.id, trial.level, trial.seed, trial.max_lr, trial.parent, point
        return TrialRequest(*key, trained_on=self.trained_on, stop=stop)

    def _advance(self) -> bool:
        """Do what the state machine says; return whether it may have more to say.

        The state machine looks at every cell of a level, so it is not asked while it could only say to wait.
        """
        here, trail, ahead = self._here, self._trail, self._ahead
        match next_action(
            self.spec.levels,
            self.level,
            self.spec.seeds,
            list(here.cells.values()),
            here.search,
            trail.as_neighbour() if trail else None,
            ahead.as_neighbour() if ahead else None,
        ):
            case Train(wanted, step):
                [level] = [one for one in (here, trail, ahead) if one and one.number == self.level + step]
                self._take(level, self.store.add_trials(self.run.id, level.new_trials(wanted, self._trial_hash)))
                return self._looks_back  # the levels of the others do not overlap
            case Decide() as decision:
                return self._decide(decision)
            case Wait():
                return self._begin_next()
            case Blocked(failed):
                self.failed = failed
            case Stuck():
                self.stuck = True
        return False

    def _begin_next(self) -> bool:
        """Let the next level begin if this one has named a candidate for it to start from; return whether it does."""
        if self._ahead or self.level + 1 >= self.spec.levels or not self._trail_is_over():
            return False
        seeds, cells = self.spec.seeds, list(self._here.cells.values())
        named = self._here.search.named(seeds, cells)
        if named is None:
            return False
        first = [trial for trial in self._trials(self._here, named) if trial.seed == seeds[0]]
        if self._weights.lacking(self.level, first):
            return False
        if self.level == 0:
            self._rewind_points = lineage.rewind_points(first, named)
        search = make_search(self.spec, self.level + 1, [*self._before, cells])
        self._ahead = OpenLevel(self.level + 1, search, lineage.checkpoints(first, named))
        self._take(self._ahead, self._trials(self._ahead))
        return True

    def _trail_is_over(self) -> bool:
        """Return whether the level before wants nothing more; then, what the others learn from it is complete.

        The state machine has been asked, and what the level before still wanted is among its trials.
        """
        if self._trail and self._trail.quiet:
            self._before[self._trail.number] = list(self._trail.cells.values())
            self._trail = None
        return self._trail is None

    def _decide(self, decision: Decide) -> bool:
        """Decide the level, or queue its winner's trials if their weights must be restored first; return whether."""
        winner, edge, here = decision.winner, decision.edge, self._here
        winning = self._trials(here, winner)
        if lacking := self._weights.lacking(self.level, winning):  # former losers that have won on more seeds
            self._weights.begin_to_restore(lacking)
            self._queue.extend(self._request(trial) for trial in lacking)
            return False
        results = [trial.result for trial in winning if trial.result is not None]
        self.store.decide_level(self.run.id, self.level, results[0].density, winner, edge)
        self._winners.append(winner)
        if self.level == 0:
            self._rewind_points = lineage.rewind_points(winning, winner)
        if self._looks_back:
            self._trail_is_over()
            self._before.append(list(here.cells.values()))
            self._trail = here
        self._weights.delete_losers(self.level, winning)
        if decision.silence:
            self.listener.level_silent(self.level, winner, decision.silence)
        else:
            vals = [result.val for result in results if result.val is not None]
            val = sum(vals) / len(vals)
            self.listener.level_decided(self.level, winner, val, edge, self._former.get(self.level))
        self._enter_level(lineage.checkpoints(winning, winner))
        return True
