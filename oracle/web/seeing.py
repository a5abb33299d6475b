"""What requests see of a study, by way of what is remembered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from oracle.results.best import StudyBest
from oracle.results.cost import Cost
from oracle.results.intervals import RULES
from oracle.results.level_view import level_view
from oracle.results.status import study_status
from oracle.results.study_view import StudyView
from oracle.study import lineage
from oracle.study.opening import ORACLE
from oracle.web.cursor import Cursor
from oracle.web.decided import read_decided
from oracle.web.judging import Bench
from scyc import density
from studies import StudyNotFound

if TYPE_CHECKING:
    from oracle.results.level_view import LevelView
    from oracle.web.decided import Decided
    from oracle.web.service import Service
    from studies import RunRecord, StudyChanges


MODEL = "model"


class Unfitted(StudyView):
    """A study to which the surface is not fitted, because that takes too long, or is not fitted yet."""

    best = StudyBest({}, shown=False, judged_together=False, draws={})


@dataclass(frozen=True)
class Seen:
    """A study as one request sees it.

    Attributes:
        service: the service.
        number: of the study.
        changes: where it stands.
    """

    service: Service
    number: int
    changes: StudyChanges

    @classmethod
    def of(cls, service: Service, number: int) -> Seen:
        """Look at a study.

        Raises:
            StudyNotFound: there is none of that number.
        """
        changes = service.store.changes(number)
        if changes is None:
            raise StudyNotFound(f"There is no study {number} in {service.store.url}.")
        return cls(service, number, changes)

    @property
    def cursor(self) -> str:
        """Where the study stands, as text."""
        return str(Cursor.of(self.changes))

    @cached_property
    def run(self) -> RunRecord | None:
        """The run of the oracle."""
        return self.service.store.find_run(self.number, ORACLE)

    def decided(self, *, gently: bool = False) -> Decided:
        """Return the decided levels; the first time, all their trials are read."""
        return read_decided(self.service.store, self.number, self.changes, self.service.levels, gently=gently)

    def decided_soon(self, patience: float) -> Decided | None:
        """Return the decided levels; None if that takes longer than so many seconds. It goes on meanwhile."""
        key = ("decided", self.number, Cursor.of(self.changes).levels, self.changes.spec_hash, self.changes.ended)
        return self.service.worked_out.soon(key, lambda: self.decided(gently=True), patience)

    def bench(self, rule: str, decided: Decided) -> Bench:
        """Return what schedules are judged by."""
        key = ("bench", self.number, rule, decided.key, self.changes.runs)
        return self.service.worked_out.get(key, lambda: self._bench(rule, decided))

    def bench_soon(self, rule: str, decided: Decided, patience: float) -> Bench | None:
        """Return the same; None if that takes longer than so many seconds. It goes on meanwhile."""
        key = ("bench", self.number, rule, decided.key, self.changes.runs)
        return self.service.worked_out.soon(key, lambda: self._bench(rule, decided), patience)

    def _bench(self, rule: str, decided: Decided) -> Bench:
        return Bench.of(decided, self.service.store.runs(self.number), rule)

    def fitted_soon(self, decided: Decided, patience: float) -> bool:
        """Return whether the surface is fitted, which takes at most so many seconds here; it goes on meanwhile."""
        if not decided.affordable:
            return False
        key = ("fitted", self.number, decided.key)
        return self.service.worked_out.soon(key, lambda: bool(decided.intervals(MODEL) or True), patience) is True

    def view(self, decided: Decided, *, fitted: bool) -> StudyView:
        """Return the study as figures take it.

        Args:
            decided: its decided levels.
            fitted: whether the surface is fitted to them already.
        """
        status, study = study_status(self.service.store, decided.name), self.service.store.study(decided.name)
        rules = [name for name, rule in RULES.items() if fitted or not rule.modelled]
        key = ("intervals", self.number, decided.key, fitted)
        by_rule = self.service.worked_out.get(key, lambda: {name: decided.intervals(name) for name in rules})
        levels = [
            replace(level, intervals={name: by_rule[name][level.level] if name in by_rule else None for name in RULES})
            for level in decided.levels
        ]
        if (under_way := self._under_way(decided)) is not None:
            levels.append(replace(under_way, intervals=dict.fromkeys(RULES)))
        return (StudyView if fitted else Unfitted)(
            name=decided.name,
            status=status,
            spec=decided.spec,
            levels=tuple(levels),
            cost=self.cost(),
            provenance=study.provenance,
            database=self.service.store.url,
        )

    def cost(self) -> Cost:
        """Return what the study has cost."""
        counts, run, store = Counter(self.changes.counts), self.run, self.service.store
        return Cost(
            trials=counts["complete"],
            failed=counts["failed"],
            epochs=store.epochs_trained(run.id) if run else 0,
            compute_seconds=store.seconds_trained(run.id) if run else 0.0,
            wall_seconds=run.wall_seconds if run else 0.0,
            stopped=counts["stopped"],
        )

    def _under_way(self, decided: Decided) -> LevelView | None:
        """Return the level whose trials are under way; None if there is none."""
        number, spec = len(decided.levels), decided.spec
        if self.run is None or number >= spec.levels:
            return None
        trials = lineage.current(self.service.store.trials(self.run.id, number), spec, decided.left)
        return level_view(number, density(number, spec.pruning.rate), None, trials, spec.metric) if trials else None
