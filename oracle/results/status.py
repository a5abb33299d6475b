"""How far a study is, from a few queries that stay cheap however many trials there are.

Whatever shows it (`scyc show`, `watch`, `studies list`, the report, the web pages) gets it from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from oracle.results.silence import observed_in, silence_of
from oracle.spec.search import RACING
from oracle.spec.search_methods import SEARCH_METHODS
from oracle.study import lineage
from oracle.study.checking import explained, finite
from oracle.study.machines import Machines
from oracle.study.opening import ORACLE, study_spec
from scyc.pruning.coverage import Coverage
from studies import StudyNotFound, StudyUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.spec.model import Spec
    from studies import LevelRecord, RunRecord, Store, TenureRecord, TrialRecord

State = Literal["finished", "running", "pausing", "cancelling", "blocked", "waiting"]
"""What a study is doing.

    finished: every level is decided.
    running: a driver holds its lease and is working on it.
    pausing, cancelling: its driver was asked to stop, and has not ended yet.
    blocked: nobody is working on it, and its level cannot be decided: trials failed, or none left a network that could
        be pruned, and none is left to train.
    waiting: nobody is working on it, and it can be resumed: it has not begun, or it was interrupted.
"""


@dataclass(frozen=True)
class StudyStatus:
    """A study's oracle as it stands at one moment.

    Attributes:
        study: its name.
        workload: what it trains.
        started: when it was created, ISO 8601; None if that was not recorded.
        levels: number of levels.
        decided: the levels that have a winner.
        done: number of complete trials, including those that an extension turned into history.
        stopped: number of trials that were stopped early, likewise.
        pending: number of trials that are proposed and not complete; some may be in training.
        failed: number of trials that failed for good.
        total: number of trials of the whole sweep, as far as it is known: widening adds to it.
        tenure: who is working on the study, or was until the lease lapsed; None if nobody is.
        seconds_left: estimate from the current driver's pace so far; None if there is no driver or no pace yet.
        stuck: whether all trials of the current level ended, and no candidate is finite on every seed.
        silent: the decided levels that say nothing about `max_lr`, so that their winners are no measurements; empty
            unless they were asked for.
        coverage: how much of the network is pruned; None if that was not recorded, as of a version before this.
        machines: what its trials were trained on, those of runs of schedules included; none unless they were asked for.
    """

    study: str
    workload: str
    started: str | None
    levels: int
    decided: tuple[LevelRecord, ...]
    done: int
    pending: int
    failed: int
    total: int
    tenure: TenureRecord | None
    seconds_left: float | None
    stuck: bool = False
    silent: frozenset[int] = frozenset()
    coverage: Coverage | None = None
    machines: Machines = field(default_factory=Machines)
    stopped: int = 0

    @property
    def ended(self) -> int:
        """Number of trials for which nothing is left to do: those that are complete or were stopped early."""
        return self.done + self.stopped

    @property
    def driven(self) -> bool:
        """Whether a driver holds the study's lease, be it to train schedules once the oracle is finished."""
        return self.tenure is not None and self.tenure.seconds_left > 0

    @property
    def state(self) -> State:
        """What the study is doing; see `State`."""
        if len(self.decided) >= self.levels:
            return "finished"
        if self.tenure is not None and self.driven:
            stop = self.tenure.stop
            return "running" if stop is None else "pausing" if stop == "pause" else "cancelling"
        return "blocked" if (self.failed or self.stuck) and not self.pending else "waiting"

    @property
    def partly_pruned(self) -> Coverage | None:
        """How much of the network is pruned, if that is known and not all of it: then a level has two densities."""
        return self.coverage if self.coverage is not None and not self.coverage.whole else None

    def densities(self, density: float) -> dict[str, float]:
        """Return a level's density, and that of the whole network where it is known, by the names of both."""
        if self.coverage is None:
            return {"density": density}
        return {"density": density, "network_density": self.coverage.network_density(density)}

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "study": self.study,
            "state": self.state,
            "levels": self.levels,
            "decided": [
                {
                    "level": level.level,
                    **self.densities(level.density),
                    "winner": None if level.level in self.silent else level.winner,
                }
                for level in self.decided
            ],
            "trials": {
                "done": self.done,
                "stopped": self.stopped,
                "pending": self.pending,
                "failed": self.failed,
                "total": self.total,
            },
            "holder": self.tenure.holder if self.tenure else None,
            "heartbeat_seconds_ago": self.tenure.silence if self.tenure else None,
            "seconds_left": self.seconds_left,
        }


@dataclass(frozen=True)
class UnreadableStudy:
    """A study that this version cannot read, and why."""

    study: str
    error: str
    state: ClassVar[str] = "unreadable"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"study": self.study, "state": self.state, "error": self.error}


def study_statuses(store: Store) -> list[StudyStatus | UnreadableStudy]:
    """Return how far each study of a database is; one that cannot be read does not hide the others."""
    found: list[StudyStatus | UnreadableStudy] = []
    for name in store.study_names().values():
        try:
            found.append(study_status(store, name))
        except StudyNotFound:
            continue  # it was deleted after it was listed
        except StudyUnavailable:
            raise
        except Exception as error:  # rows that somebody edited may raise anything
            found.append(UnreadableStudy(name, str(error) or type(error).__name__))
    return found


def study_status(store: Store, name: str, *, silent: bool = False, machines: bool = False) -> StudyStatus:
    """Return how far a study is; nothing is written, and no lock is taken.

    Args:
        store: the database.
        name: name of the study.
        silent: look for silent levels too, for which all trials have to be read.
        machines: look up what the trials were trained on too.

    Raises:
        StudyNotFound: there is no study of that name.
        InputError: its spec cannot be read, or its rows contradict each other.
    """
    with explained(store, name):
        return _status(store, name, silent=silent, machines=machines)


def _status(store: Store, name: str, *, silent: bool, machines: bool) -> StudyStatus:
    study = store.study(name)
    spec, tenure = study_spec(study), store.tenure(study.id)
    run = store.find_run(study.id, ORACLE)
    counts = store.counts(run.id) if run else {"complete": 0, "pending": 0, "failed": 0, "stopped": 0}
    decided = tuple(store.levels(run.id)) if run else ()
    for level in decided:
        finite(level.level, level.density, level.winner)
        if not (level.winner > 0 and 0 < level.density <= 1):
            raise ValueError(f"level {level.level} has the winner {level.winner} and the density {level.density}")
    looks_back = SEARCH_METHODS[spec.search.method].looks_back
    if run and (looks_back or store.spec_history(study.id)):  # what an extension made history does not count, or what
        # began ahead of a candidate that did not win
        counts |= _under_way(store, run.id, spec, decided)
    done, stopped, pending = counts["complete"], counts["stopped"], counts["pending"]
    proposed = 1 if pending else 0  # the current level, if its trials are known
    per_level = spec.trials_per_level
    total = done + stopped + pending + max(0, spec.levels - len(decided) - proposed) * per_level
    if spec.search.method == RACING and len(decided) < spec.levels:  # its budget is for all levels together
        total = max(done + stopped + pending, spec.levels * per_level)
    seconds_left = None
    if run and tenure and (recent := store.finished_since(run.id, tenure.since)):
        seconds_left = tenure.seconds / recent * (total - done - stopped)
    return StudyStatus(
        study=study.name,
        workload=spec.trained,
        started=study.provenance.get("started"),
        levels=spec.levels,
        decided=decided,
        done=done,
        pending=pending,
        failed=counts["failed"],
        total=total,
        tenure=tenure,
        seconds_left=seconds_left,
        stuck=not pending and done > 0 and _is_stuck(store, run, spec, decided),
        silent=_silent(store, run, spec, decided) if run and silent else frozenset(),
        coverage=Coverage.read(study.provenance.get("network")),
        machines=Machines.read(store, study.id) if machines else Machines(),
        stopped=stopped,
    )


def _silent(store: Store, run: RunRecord, spec: Spec, decided: Sequence[LevelRecord]) -> frozenset[int]:
    steps = lineage.walk(decided, spec, lambda level: store.trials(run.id, level.level))
    return frozenset(step.level.level for step in steps if silence_of(step.level.winner, step.trials, spec.metric))


def _is_stuck(store: Store, run: RunRecord | None, spec: Spec, decided: Sequence[LevelRecord]) -> bool:
    """Return whether the current level has all its candidates, and none of them can be pruned."""
    if run is None or len(decided) >= spec.levels:
        return False
    trials = _current(store, run.id, spec, decided)
    tried, grid = {trial.max_lr for trial in trials}, spec.search.max_lr.grid()
    smallest = spec.search.method == RACING and bool(tried) and min(tried) <= grid[0]
    return (smallest or len(tried) >= len(grid)) and not any(one.finite for one in observed_in(trials, spec.metric))


def _under_way(store: Store, run_id: int, spec: Spec, decided: Sequence[LevelRecord]) -> dict[str, int]:
    """Return how many trials that count are pending, and how many have failed.

    They are of the current level, of the one before, which may trail along, and of the next, which may have begun.
    """
    steps = list(lineage.walk(decided, spec, lambda level: store.trials(run_id, level.level)))
    here = lineage.current(store.trials(run_id, len(decided)), spec, lineage.left_by_last(steps))
    left = {trial.result.checkpoint for trial in here if trial.result is not None}
    ahead = [trial for trial in store.trials(run_id, len(decided) + 1) if trial.parent in left]
    trials = [*(trial for step in steps[-1:] for trial in step.trials), *here, *ahead]
    return {state: sum(trial.state == state for trial in trials) for state in ("pending", "failed")}


def _current(store: Store, run_id: int, spec: Spec, decided: Sequence[LevelRecord]) -> list[TrialRecord]:
    """Return the trials of the current level that count."""
    steps = lineage.walk(decided, spec, lambda level: store.trials(run_id, level.level, level.winner))
    return lineage.current(store.trials(run_id, len(decided)), spec, lineage.left_by_last(steps))
