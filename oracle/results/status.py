"""How far a study is, in a few queries that stay cheap however many trials it has.

Whatever says how far a study is (`scyc show`, `watch`, `studies list`, the report, the web pages) has it from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from oracle.study import lineage
from oracle.study.opening import ORACLE, study_spec
from scyc import InputError
from studies import StudyNotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.spec.model import Spec
    from studies import LevelRecord, Store, TenureRecord

State = Literal["finished", "running", "blocked", "waiting"]
"""What a study is doing.

    finished: every level is decided.
    running: somebody works on it: a driver holds its lease.
    blocked: nobody works on it, and its level cannot be decided, because trials failed and none is left to train.
    waiting: nobody works on it, and nothing is in the way: it has not begun, or was interrupted.
"""


@dataclass(frozen=True)
class StudyStatus:
    """A study's oracle as it stands at one moment.

    Attributes:
        study: its name.
        workload: what it trains.
        started: when it was made, ISO 8601; None where that was not recorded.
        levels: how many there are.
        decided: those that have a winner.
        done: complete trials, with those that an extension made history.
        pending: trials that are proposed and not complete; each of them may be under way.
        failed: trials that were given up.
        total: trials of the whole sweep, as far as they can be known: widening adds to them.
        tenure: who works on the study, or did until the lease lapsed; None if nobody does.
        seconds_left: at the pace since the present driver began; None while there is none.
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

    @property
    def state(self) -> State:
        """What the study is doing; see `State`."""
        if len(self.decided) >= self.levels:
            return "finished"
        if self.tenure is not None and self.tenure.seconds_left > 0:
            return "running"
        return "blocked" if self.failed and not self.pending else "waiting"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "study": self.study,
            "state": self.state,
            "levels": self.levels,
            "decided": [
                {"level": level.level, "density": level.density, "winner": level.winner} for level in self.decided
            ],
            "trials": {"done": self.done, "pending": self.pending, "failed": self.failed, "total": self.total},
            "holder": self.tenure.holder if self.tenure else None,
            "heartbeat_seconds_ago": self.tenure.silence if self.tenure else None,
            "seconds_left": self.seconds_left,
        }


@dataclass(frozen=True)
class UnreadableStudy:
    """A study whose spec this version cannot read, and why."""

    study: str
    error: str
    state: ClassVar[str] = "unreadable"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"study": self.study, "state": self.state, "error": self.error}


def study_statuses(store: Store) -> list[StudyStatus | UnreadableStudy]:
    """Return how far each study of a database is; one that cannot be read does not hide the others."""
    found: list[StudyStatus | UnreadableStudy] = []
    for study in store.studies():
        try:
            found.append(study_status(store, study.name))
        except InputError as error:
            found.append(UnreadableStudy(study.name, str(error)))
        except StudyNotFound:
            continue  # deleted since it was listed
    return found


def study_status(store: Store, name: str) -> StudyStatus:
    """Return how far a study is; nothing is written, and no lock is taken.

    Raises:
        StudyNotFound: when there is none of that name.
        InputError: when its spec cannot be read.
    """
    study = store.study(name)
    spec, tenure = study_spec(study), store.tenure(study.id)
    run = store.find_run(study.id, ORACLE)
    counts = store.counts(run.id) if run else {"complete": 0, "pending": 0, "failed": 0}
    decided = tuple(store.levels(run.id)) if run else ()
    if run and store.spec_history(study.id):  # nothing that an extension made history is under way
        counts |= _under_way(store, run.id, spec, decided)
    done, pending = counts["complete"], counts["pending"]
    proposed = 1 if pending else 0  # the level under way, if its trials are known
    per_level = len(spec.seeds) * spec.search.max_lr.budget
    total = done + pending + max(0, spec.levels - len(decided) - proposed) * per_level
    seconds_left = None
    if run and tenure and (recent := store.finished_since(run.id, tenure.since)):
        seconds_left = tenure.seconds / recent * (total - done)
    return StudyStatus(
        study=study.name,
        workload=spec.workload,
        started=study.provenance.get("started"),
        levels=spec.levels,
        decided=decided,
        done=done,
        pending=pending,
        failed=counts["failed"],
        total=total,
        tenure=tenure,
        seconds_left=seconds_left,
    )


def _under_way(store: Store, run_id: int, spec: Spec, decided: Sequence[LevelRecord]) -> dict[str, int]:
    """Return how many trials of the level under way are pending and failed."""
    steps = lineage.walk(decided, spec, lambda level: store.trials(run_id, level.level, level.winner))
    trials = lineage.current(store.trials(run_id, len(decided)), spec, lineage.left_by_last(steps))
    return {state: sum(trial.state == state for trial in trials) for state in ("pending", "failed")}
