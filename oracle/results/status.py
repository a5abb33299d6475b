"""How far a study is, in a few queries that stay cheap however many trials it has: what `scyc watch` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oracle.study import lineage
from oracle.study.opening import ORACLE, study_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.spec.model import Spec
    from studies import LevelRecord, Store, TenureRecord


@dataclass(frozen=True)
class Glance:
    """An oracle run as it stands at one moment.

    Attributes:
        levels: how many there are.
        decided: those that have a winner.
        done: complete trials; what an extension has made history of counts too.
        pending: trials that are proposed and not complete; each of them may be under way.
        failed: trials that were given up.
        total: trials of the whole sweep, as far as they can be known: widening adds to them.
        tenure: who works on the study; None if nobody does.
        seconds_left: at the pace since the present driver began; None while there is none.
    """

    study: str
    levels: int
    decided: tuple[LevelRecord, ...]
    done: int
    pending: int
    failed: int
    total: int
    tenure: TenureRecord | None
    seconds_left: float | None

    @property
    def state(self) -> str:
        """One of "finished", "running", "blocked" (by failed trials) and "waiting" (for somebody to go on with it)."""
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


def glance(store: Store, name: str) -> Glance:
    """Look at the oracle run of the study `name`; nothing is written, not even a lock is taken.

    Raises:
        StudyNotFound: when there is none of that name.
    """
    study = store.study(name)
    spec, tenure = study_spec(study), store.tenure(study.id)
    run = store.find_run(study.id, ORACLE)
    counts = store.counts(run.id) if run else {"complete": 0, "pending": 0, "failed": 0}
    decided = tuple(store.levels(run.id)) if run else ()
    if run and store.spec_history(study.id):  # of what an extension has made history of nothing is under way
        counts |= _under_way(store, run.id, spec, decided)
    done, pending = counts["complete"], counts["pending"]
    proposed = 1 if pending else 0  # the level under way, if its trials are known
    per_level = len(spec.seeds) * spec.search.max_lr.budget
    total = done + pending + max(0, spec.levels - len(decided) - proposed) * per_level
    seconds_left = None
    if run and tenure and (recent := store.finished_since(run.id, tenure.since)):
        seconds_left = tenure.seconds / recent * (total - done)
    return Glance(
        study=study.name,
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
    parents: dict[int, str] = {}
    for level in decided:
        winning = lineage.current(store.trials(run_id, level.level, level.winner), spec, parents)
        parents = lineage.checkpoints(winning, level.winner)
    trials = lineage.current(store.trials(run_id, len(decided)), spec, parents)
    return {state: sum(trial.state == state for trial in trials) for state in ("pending", "failed")}
