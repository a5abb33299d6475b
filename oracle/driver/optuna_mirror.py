"""Finished trials as Optuna trials in the same database, so that `optuna-dashboard URL` shows a sweep.

The mirror is never the truth: it can be rebuilt at any time, and if it fails, the sweep continues without it.
"""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import FloatDistribution
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from oracle.driver.events import Listener
from oracle.execution.messages import Failure, last_line
from oracle.study.commands import command
from scyc import InputError, density
from studies import TrialResult, engine_url, uninterruptible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optuna.trial import FrozenTrial

    from oracle.execution.messages import Outcome, Stopped, TrialRequest
    from oracle.spec.model import Spec
    from studies import EpochRecord, RunRecord, Store, TrialRecord

optuna.logging.set_verbosity(optuna.logging.WARNING)  # no log line for each level's Optuna study

MARK = "scyc_study"
"""User attribute of an Optuna study that a mirror made: the name of the mirrored study."""

_FORMER_MARKS = {"workload", "density"}  # which mirrors of an earlier version gave their studies

KEY = "scyc_trial"
"""User attribute that holds the trial's row number in the study database."""

_ELSEWHERE = {"val", "epochs", "gradients", "answers", "rewind_point"}
SHOWN = [column.name for column in fields(TrialResult) if column.name not in _ELSEWHERE]
"""Columns of a trial that become user attributes: all but those that Optuna shows itself or that nobody would read."""


class OptunaMirror(Listener):
    """Mirrors one study's oracle run as Optuna studies `NAME/level-03`, one per level.

    It marks the studies that it makes. Somebody else's study of such a name is never touched; then the mirror fails.

    Args:
        url: SQLAlchemy URL of the database.
        store: the study database at that URL.
        run: the study's oracle run.
        name: name of the study.
        spec: spec of the study.
        warn: called once if the mirror fails; from then on the mirror does nothing.
    """

    def __init__(
        self, url: str, store: Store, run: RunRecord, name: str, spec: Spec, warn: Callable[[str], None]
    ) -> None:
        self.url, self.store, self.run = engine_url(url), store, run
        self.name, self.spec, self.warn = name, spec, warn
        self.working = self.url != "sqlite://"  # nobody else could see a database in memory
        self._studies: dict[int, optuna.Study] = {}
        self._storage: RDBStorage | None = None

    def level_started(self, level: int, density: float) -> None:  # noqa: ARG002
        """Mirror the trials that a killed driver did not, at this level and the one before."""
        for begun in range(max(0, level - 1), level + 1):
            self._guarded(partial(self._catch_up, begun))

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
        """Mirror a trial that was just recorded."""
        result, error = (None, outcome.error) if isinstance(outcome, Failure) else (outcome.result, None)
        self._add(request.level, self._frozen(request.id, request.seed, request.max_lr, result, error))

    def trial_stopped(self, request: TrialRequest, stopped: Stopped) -> None:
        """Mirror a trial that was just recorded."""
        self._add(request.level, self._pruned(request.id, request.seed, request.max_lr, stopped.epochs))

    def _add(self, level: int, frozen: FrozenTrial) -> None:
        self._guarded(lambda: self._study(level).add_trial(frozen))

    @uninterruptible()
    def rebuild(self) -> int:
        """Delete the mirror and build it again from the study's trials; return how many trials it holds.

        Raises:
            InputError: a study of somebody else has the name of one of the mirror's.
            Exception: whatever Optuna or the database raises; no error is hidden here.
        """
        self.delete()
        trials = [trial for trial in self.store.trials(self.run.id, curves=True) if trial.state != "pending"]
        for level in sorted({trial.level for trial in trials}):
            self._study(level).add_trials([self._of(trial) for trial in trials if trial.level == level])
        return len(trials)

    @uninterruptible()
    def delete(self) -> None:
        """Delete the mirror."""
        _delete(self._open(), self.name)
        self._studies.clear()

    @uninterruptible()
    def close(self) -> None:
        """Close the connection."""
        if self._storage is not None:
            self._storage.remove_session()
            self._storage.engine.dispose()
            self._storage = None

    def _catch_up(self, level: int) -> None:
        ended = [trial for trial in self.store.trials(self.run.id, level, curves=True) if trial.state != "pending"]
        if ended:
            study = self._study(level)
            there = {trial.user_attrs.get(KEY) for trial in study.get_trials(deepcopy=False)}
            study.add_trials([self._of(trial) for trial in ended if trial.id not in there])

    def _open(self) -> RDBStorage:
        if self._storage is None:
            self._storage = RDBStorage(self.url, engine_kwargs={"pool_pre_ping": True})
        return self._storage

    def _study(self, level: int) -> optuna.Study:
        if level not in self._studies:
            name, storage = f"{self.name}/level-{level:02}", self._open()
            if name in optuna.get_all_study_names(storage):
                study = optuna.load_study(study_name=name, storage=storage)
                if not _is_ours(study, self.name):
                    raise InputError(
                        f"The Optuna study {name!r} was not made by this mirror, which leaves it as it is; rename or "
                        "delete it with Optuna, or give this study another name."
                    )
            else:
                goals = StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE
                direction = goals[self.spec.metric.goal == "min"]
                study = optuna.create_study(storage=storage, study_name=name, direction=direction)
            study.set_user_attr(MARK, self.name)
            study.set_user_attr("workload", self.spec.trained)
            study.set_user_attr("density", density(level, self.spec.pruning.rate))
            self._studies[level] = study
        return self._studies[level]

    def _of(self, trial: TrialRecord) -> FrozenTrial:
        if trial.stopped is not None:
            return self._pruned(trial.id, trial.seed, trial.max_lr, trial.stopped.epochs)
        return self._frozen(trial.id, trial.seed, trial.max_lr, trial.result, trial.error)

    def _pruned(self, key: int, seed: int, max_lr: float, epochs: Sequence[EpochRecord]) -> FrozenTrial:
        return create_trial(
            state=TrialState.PRUNED,
            params={"max_lr": max_lr},
            distributions={"max_lr": self._distribution(max_lr)},
            user_attrs={KEY: key, "seed": seed},
            intermediate_values=_curve(epochs),
        )

    def _distribution(self, max_lr: float) -> FloatDistribution:
        space = self.spec.search.max_lr
        low, high = (min(space.values), max(space.values)) if space.values is not None else (space.low, space.high)
        return FloatDistribution(min(low, max_lr), max(high, max_lr), log=space.scale == "log")

    def _frozen(self, key: int, seed: int, max_lr: float, result: TrialResult | None, error: str | None) -> FrozenTrial:
        attributes: dict[str, Any] = {KEY: key, "seed": seed}
        result = result.counted(self.spec.metric.worst) if result is not None else None
        if result is not None:
            attributes |= {name: getattr(result, name) for name in SHOWN if name != "spent" or result.spent is not None}
        else:
            attributes["error"] = last_line(error or "")[:500]
        sound = result is not None and result.val is not None  # Optuna has no complete trial without a value
        return create_trial(
            state=TrialState.COMPLETE if sound else TrialState.FAIL,
            value=result.val if result is not None and sound else None,
            params={"max_lr": max_lr},
            distributions={"max_lr": self._distribution(max_lr)},
            user_attrs=attributes,
            intermediate_values=_curve(result.epochs) if result else {},
        )

    @uninterruptible()
    def _guarded(self, action: Callable[[], None]) -> None:
        if not self.working:
            return
        try:
            action()
        except Exception as error:  # no sweep may fail because of its mirror
            self.working = False
            reason = str(error).rstrip(".") if isinstance(error, InputError) else type(error).__name__
            self.warn(
                f"The Optuna mirror failed ({reason}) and is no longer updated; the study itself is not affected. "
                f"Rebuild the mirror later with "
                f"`{command('studies', 'mirror', self.name, '--rebuild', db=self.store.url)}`."
            )


def _curve(epochs: Sequence[EpochRecord]) -> dict[int, float]:
    return {epoch.step: epoch.val for epoch in epochs if epoch.val is not None}


@uninterruptible()
def delete_mirror(url: str, name: str) -> None:
    """Delete the mirror of a study, whatever state the study is in.

    Args:
        url: SQLAlchemy URL of the database.
        name: name of the study.
    """
    if engine_url(url) == "sqlite://":
        return
    storage = RDBStorage(engine_url(url), engine_kwargs={"pool_pre_ping": True})
    try:
        _delete(storage, name)
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _delete(storage: RDBStorage, name: str) -> None:
    """Delete the Optuna studies that a mirror made for a study."""
    for title in optuna.get_all_study_names(storage):
        if title.startswith(f"{name}/level-") and _is_ours(optuna.load_study(study_name=title, storage=storage), name):
            optuna.delete_study(study_name=title, storage=storage)


def _is_ours(study: optuna.Study, name: str) -> bool:
    """Return whether a mirror made an Optuna study for the study of this name."""
    marks = study.user_attrs
    if MARK in marks:
        return bool(marks[MARK] == name)
    return marks.keys() >= _FORMER_MARKS and all(KEY in trial.user_attrs for trial in study.get_trials(deepcopy=False))
