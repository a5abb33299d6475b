"""The decided levels of a study, each read once: a decision and what led to it do not change.

A study of 100,000 trials takes seconds to read as a whole. Here only what was decided since the last time is read.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from oracle.results.answers import answers_of
from oracle.results.intervals import RULES
from oracle.results.level_view import level_view
from oracle.results.study_view import oracle_intervals
from oracle.spec.metric import ACCURACY
from oracle.spec.search_methods import SEARCH_METHODS
from oracle.study import lineage
from oracle.study.checking import explained
from oracle.study.opening import ORACLE, study_spec
from scyc.pruning.coverage import Coverage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.results.intervals import Interval
    from oracle.results.level_view import LevelView
    from oracle.spec.model import Spec
    from oracle.web.remembered import Remembered
    from studies import LevelRecord, Store, StudyChanges

MOST_CANDIDATES = 600
"""The surface is fitted to so many candidates of all levels together, which takes some seconds; not to more."""


@dataclass(frozen=True)
class Decided:
    """A study's decided levels at one moment.

    Attributes:
        key: identifies what they hold: as long as it is the same, nothing that was worked out of them changes.
        name: of the study.
        spec: of the study.
        levels: the decided levels; their intervals are left out, see `intervals`.
        left: by seed, the checkpoints that the last of them left, which the next level starts from.
        coverage: how much of the network is pruned; None if that was not recorded.
    """

    key: tuple[object, ...]
    name: str
    spec: Spec
    levels: tuple[LevelView, ...]
    left: Mapping[int, str]
    coverage: Coverage | None

    @property
    def affordable(self) -> bool:
        """Whether the surface can be fitted while somebody waits."""
        return sum(len(level.candidates) for level in self.levels) <= MOST_CANDIDATES

    def intervals(self, rule: str) -> Mapping[int, Interval | None]:
        """Return the intervals by level, by one rule."""
        return oracle_intervals(self.levels, RULES[rule], self.spec.metric.tolerance)


@dataclass(frozen=True)
class _Read:
    view: LevelView
    left: dict[int, str]


def read_decided(
    store: Store, number: int, changes: StudyChanges, known: Remembered, *, gently: bool = False
) -> Decided:
    """Return the decided levels of a study.

    Args:
        store: the database.
        number: of the study.
        changes: where it stands.
        known: what was read before.
        gently: whether to rest after each level for as long as it took, so that others get on meanwhile.

    Raises:
        StudyNotFound: there is no such study.
        InputError: its spec cannot be read, or its rows contradict each other.
    """
    with explained(store, changes.name):
        study = store.study(changes.name)
        spec, run = study_spec(study), store.find_run(number, ORACLE)
        decided = store.levels(run.id) if run else []
        searched = SEARCH_METHODS[spec.search.method]
        moving = changes.ended if searched.looks_back else None  # a race still trains at levels that are decided
        read, parents = [], dict[int, str]()
        for record in decided:
            key = ("level", number, study.spec_hash, record, moving, tuple(sorted(parents.items())))
            began = time.monotonic()
            found = known.get(key, partial(_read, store, spec, record, parents, curves=searched.curves))
            read.append((key, found.view))
            parents = found.left
            if gently:
                time.sleep(time.monotonic() - began)
        return Decided(
            key=tuple(key for key, _ in read),
            name=study.name,
            spec=spec,
            levels=tuple(view for _, view in read),
            left=parents,
            coverage=Coverage.read(study.provenance.get("network")),
        )


def _read(store: Store, spec: Spec, record: LevelRecord, parents: dict[int, str], *, curves: bool) -> _Read:
    trials = lineage.current(store.trials(record.run_id, record.level, curves=curves), spec, parents)
    view = level_view(record.level, record.density, record, trials, spec.metric)
    if spec.metric.name == ACCURACY.name:
        recorded = store.answers(record.run_id, "validation", [trial.id for trial in trials])
        answers = answers_of(view, recorded) if recorded else {}
        whole = {max_lr: each for max_lr, each in answers.items() if each is not None}
        view = replace(view, answers=whole) if whole and len(whole) == len(answers) else view
    return _Read(view, lineage.checkpoints(trials, record.winner))
