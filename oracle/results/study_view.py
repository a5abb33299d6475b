"""A study as readers see it: the levels with their winners, intervals and trials.

Everything that is shown (`scyc show`, the report) comes from one `StudyView`, which comes from the database.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from oracle.results.answers import answers_of
from oracle.results.best import study_best
from oracle.results.cost import cost_of
from oracle.results.intervals import RULES, DecidedLevel, Rule
from oracle.results.level_view import level_view
from oracle.results.status import study_status
from oracle.spec.metric import ACCURACY
from oracle.spec.search_methods import SEARCH_METHODS
from oracle.study import lineage
from oracle.study.checking import explained
from oracle.study.commands import DATABASE
from oracle.study.opening import ORACLE, study_spec
from scyc import density

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.results.best import StudyBest
    from oracle.results.cost import Cost
    from oracle.results.intervals import Interval
    from oracle.results.level_view import LevelView
    from oracle.results.status import State, StudyStatus
    from oracle.spec.model import Spec
    from studies import RunRecord, Store, TrialRecord


@dataclass(frozen=True)
class StudyView:
    """A whole study.

    Attributes:
        provenance: {"versions": {package: version}, "hardware": {...}, "commit": str | None, "started": ISO 8601,
            "data": what they hold, in a line}.
        database: URL of the database, without password.
    """

    name: str
    status: StudyStatus
    spec: Spec
    levels: tuple[LevelView, ...]
    cost: Cost
    provenance: Mapping[str, Any]
    database: str = DATABASE

    @property
    def state(self) -> State:
        """What the study is doing."""
        return self.status.state

    @cached_property
    def best(self) -> StudyBest:
        """The best `max_lr` of each level by the surface. Nothing is fitted until this is asked for."""
        return study_best(decided_levels(self.levels))


def view_study(store: Store, name: str) -> StudyView:
    """Return the study `name` as it is in the database now.

    Raises:
        StudyNotFound: there is no study of that name.
        InputError: its spec cannot be read, or its rows contradict each other.
    """
    with explained(store, name):
        return _view(store, name)


def _view(store: Store, name: str) -> StudyView:
    status, study = study_status(store, name, machines=True), store.study(name)
    spec = study_spec(study)
    run = store.find_run(study.id, ORACLE)  # None if a driver died right after it created the study
    decided = store.levels(run.id) if run else []
    trials: dict[int, list[TrialRecord]] = defaultdict(list)
    curves = SEARCH_METHODS[spec.search.method].curves  # how far behind those were that the search has stopped
    for trial in store.trials(run.id, curves=curves) if run else ():
        trials[trial.level].append(trial)
    steps = list(lineage.walk(decided, spec, lambda level: trials[level.level]))
    levels = [level_view(step.level.level, step.level.density, step.level, step.trials, spec.metric) for step in steps]
    under_way = len(decided)
    counted = lineage.current(trials[under_way], spec, lineage.left_by_last(steps))
    if counted and under_way < spec.levels:
        levels.append(level_view(under_way, density(under_way, spec.pruning.rate), None, counted, spec.metric))
    by_answers = spec.metric.name == ACCURACY.name  # to another metric, an answer is not what counts
    return StudyView(
        name=study.name,
        status=status,
        spec=spec,
        levels=_with_intervals(_with_answers(store, run, levels) if by_answers else levels, spec.metric.tolerance),
        cost=cost_of(
            [trial for group in trials.values() for trial in group],
            epochs=store.epochs_trained(run.id) if run else 0,
            wall_seconds=run.wall_seconds if run else 0.0,
        ),
        provenance=study.provenance,
        database=store.url,
    )


def decided_levels(levels: Sequence[LevelView]) -> list[DecidedLevel]:
    """Return those of a study's levels that have a winner, as rules and the surface see them."""
    return [
        DecidedLevel(
            level.level,
            level.density,
            level.winner,
            level.scores,
            diverged=level.diverged,
            answers=level.answers,
            trained=level.trained,
            given_up=level.given_up,
            scale=level.metric.scale,
        )
        for level in levels
        if level.winner is not None
    ]


def oracle_intervals(levels: Sequence[LevelView], rule: Rule, tolerance: float) -> dict[int, Interval | None]:
    """Return, by level, the intervals of a study's levels by one rule.

    None if the rule cannot judge the level, or the level has no winner.
    """
    decided = decided_levels(levels)
    judged = zip(decided, rule.intervals(decided, tolerance), strict=True)
    return dict.fromkeys(level.level for level in levels) | {level.level: interval for level, interval in judged}


def _with_answers(store: Store, run: RunRecord | None, levels: Sequence[LevelView]) -> list[LevelView]:
    recorded = store.answers(run.id, "validation") if run else {}
    found = []
    for level in levels:
        answers = answers_of(level, recorded) if recorded and level.chosen is not None else {}
        whole = {max_lr: each for max_lr, each in answers.items() if each is not None}
        found.append(replace(level, answers=whole) if whole and len(whole) == len(answers) else level)
    return found


def _with_intervals(levels: Sequence[LevelView], tolerance: float) -> tuple[LevelView, ...]:
    by_rule = {name: oracle_intervals(levels, rule, tolerance) for name, rule in RULES.items()}
    return tuple(
        replace(level, intervals={name: found[level.level] for name, found in by_rule.items()}) for level in levels
    )
