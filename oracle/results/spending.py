"""What a racing search spent: where each candidate was left, and how sure the search was by then of its winner."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from oracle.results.audit import Audit, audit_of
from oracle.results.busy import BusyTime, busy_times
from oracle.results.study_view import decided_levels
from oracle.searching.cells import CellMaker
from oracle.spec.metric import ACCURACY, MetricSpec
from oracle.spec.search import RACING
from oracle.spec.trial import counted
from oracle.study.checking import explained
from oracle.study.opening import ORACLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.level_view import LevelView
    from oracle.results.study_view import StudyView
    from oracle.searching.candidates import Cell
    from oracle.surface import Surface
    from oracle.surface.curve import Word
    from studies import Store

Fate = Literal["winner", "trained on all seeds", "given up", "stopped early", "diverged", "under way"]
"""Where a search left a candidate. One is *given up* that was trained to the end, but not on all seeds; *stopped early*
if any of its trainings was; *under way* while its level is not decided."""


@dataclass(frozen=True)
class CandidateSpending:
    """What was spent on a candidate.

    Attributes:
        fate: where it was left.
        seeds: on how many seeds it was trained to the end.
        of_seeds: how many seeds the study has.
        epochs: trained on all seeds together.
        stopped_after: after how many epochs its first training was stopped; None if none was.
        behind: how far it was behind the best of its seed by then, a difference of scores; None if none was stopped.
    """

    max_lr: float
    fate: Fate
    seeds: int
    of_seeds: int
    epochs: float
    stopped_after: int | None = None
    behind: float | None = None
    unit: str = "epochs"

    def phrase(self, metric: MetricSpec = ACCURACY) -> str:
        """Return where it was left and why, in words."""
        seeds = f"{self.seeds} seed{'s' * (self.seeds != 1)}"
        match self.fate:
            case "given up":
                return f"given up after {seeds}"
            case "under way":
                return f"trained on {self.seeds} of {self.of_seeds} seeds so far"
            case "stopped early":
                after, behind = self.stopped_after or 0, metric.number(self.behind or 0.0, metric.digits)
                return f"stopped early after {counted(after, self.unit)}, {behind}{metric.points} behind"
        return self.fate


@dataclass(frozen=True)
class LevelSpending:
    """What was spent on a level.

    Attributes:
        complete: trainings that went to their end.
        stopped: trainings that were stopped early.
        epochs: trained in both together.
        grid_epochs: what the grid would have trained: every candidate of the spec on every seed.
        certainty: how probable it is, by the surface of all levels, that the winner loses no more than the tolerance
            against the best; None without a winner, or with fewer than two candidates.
        word: how well the best `max_lr` of the level is known, see `LevelBest`; None without a winner.
        candidates: by ascending `max_lr`.
        time: how busy the workers were; None if it is not on record.
    """

    level: int
    complete: int
    stopped: int
    epochs: float
    grid_epochs: float
    certainty: float | None
    word: Word | None
    candidates: tuple[CandidateSpending, ...]
    time: BusyTime | None = None

    @property
    def share(self) -> float:
        """The epochs trained, as a share of the grid's; a search that leaves the grid can take more than 1."""
        return self.epochs / self.grid_epochs if self.grid_epochs else 0.0


@dataclass(frozen=True)
class Spending:
    """What a racing search spent so far, on the trials that count.

    Attributes:
        levels: those that it has begun, ascending.
        audit: whether the stop rules threw away good candidates.
        metric: that the study is judged by.
    """

    levels: tuple[LevelSpending, ...]
    audit: Audit
    unit: str = "epochs"
    metric: MetricSpec = ACCURACY

    @property
    def complete(self) -> int:
        """Trainings that went to their end."""
        return sum(level.complete for level in self.levels)

    @property
    def stopped(self) -> int:
        """Trainings that were stopped early."""
        return sum(level.stopped for level in self.levels)

    @property
    def epochs(self) -> float:
        """Epochs trained in both together."""
        return sum(level.epochs for level in self.levels)

    @property
    def share(self) -> float:
        """The epochs trained, as a share of what the grid would have trained at these levels; 0 before the first."""
        grid = sum(level.grid_epochs for level in self.levels)
        return self.epochs / grid if grid else 0.0

    @property
    def time(self) -> BusyTime | None:
        """How busy the workers were, as far as it is on record; None if it is not."""
        times = [level.time for level in self.levels if level.time is not None]
        return sum(times, BusyTime()) if times else None

    @property
    def by_level(self) -> str | None:
        """How busy the workers were at each level, in a line; None if it is not on record."""
        shares = [f"{one.level}: {100 * one.time.share:.0f}\u202f%" for one in self.levels if one.time]
        return f"Busy by level: {', '.join(shares)}." if shares else None

    def __str__(self) -> str:
        return "\n".join(filter(None, [self.sentence, self.by_level]))

    @property
    def sentence(self) -> str:
        """The whole in a line."""
        trainings, audit = self.complete + self.stopped, self.audit.phrase(self.metric)
        busy = f" The workers were busy {100 * self.time.share:.0f}\u202f% of the time." if self.time else ""
        return (
            f"Spent {100 * self.share:.0f}\u202f% of the grid's {self.unit}: {trainings:,} "
            f"training{'s' * (trainings != 1)}, {self.stopped:,} stopped early; audit: {audit}.{busy}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "share": self.share,
            "complete": self.complete,
            "stopped": self.stopped,
            "epochs": self.epochs,
            "audit": vars(self.audit),
            "levels": [
                vars(level)
                | {
                    "share": level.share,
                    "candidates": [vars(candidate) for candidate in level.candidates],
                    "time": vars(level.time) if level.time else None,
                }
                for level in self.levels
            ],
        }


def spending_of(store: Store, view: StudyView) -> Spending | None:
    """Return what the search of a study spent; None if it is no race, which spares nothing.

    Raises:
        StudyNotFound: the study was deleted.
        InputError: its rows contradict each other.
    """
    if view.spec.search.method != RACING:
        return None
    with explained(store, view.name):
        run = store.find_run(store.study(view.name).id, ORACLE)
        trials = {trial.id: trial for trial in store.trials(run.id, curves=True)} if run else {}
        starts = store.trial_starts(run.id) if run else {}
    surface, times = _surface(view), busy_times(trials.values(), starts)
    maker = CellMaker(curves=True, metric=view.spec.metric)
    cells = {
        level.level: [maker.recorded(trials[trial.id]) for trial in level.trials if trial.id in trials]
        for level in view.levels
    }
    return Spending(
        tuple(_level(view, level, cells[level.level], surface, times.get(level.level)) for level in view.levels),
        audit_of([(level, cells[level.level]) for level in view.levels], view.spec.metric),
        view.spec.trial.unit,
        view.spec.metric,
    )


def _surface(view: StudyView) -> Surface | None:
    """Return the surface that `view.best` is from."""
    decided = [level for level in decided_levels(view.levels) if level.has_winner]
    if not decided:
        return None
    from oracle.surface import fit_surface  # scipy, which looking at a study's state does not need

    return fit_surface(decided)


def _level(
    view: StudyView, level: LevelView, cells: Sequence[Cell], surface: Surface | None, time: BusyTime | None
) -> LevelSpending:
    grid, seeds = len(view.spec.search.max_lr.grid()), len(view.spec.seeds)
    by_rate: dict[float, list[Cell]] = defaultdict(list)
    for cell in cells:
        by_rate[cell.max_lr].append(cell)
    best = view.best.levels.get(level.level)
    certainty = None
    if surface is not None and best is not None and level.winner is not None:
        certainty = surface.probability(level.level, level.winner, view.spec.metric.tolerance)
    return LevelSpending(
        level=level.level,
        complete=sum(cell.state == "complete" for cell in cells),
        stopped=sum(cell.state == "stopped" for cell in cells),
        epochs=sum(cell.taken for cell in cells),
        grid_epochs=grid * seeds * (view.spec.length or _mean_length(cells)),
        certainty=certainty,
        word=best.word if best else None,
        candidates=tuple(
            _candidate(level, max_lr, by_rate[max_lr], seeds, view.spec.trial.unit) for max_lr in sorted(by_rate)
        ),
        time=time,
    )


def _mean_length(cells: Sequence[Cell]) -> float:
    """Return what a training takes, as those do that went to their end; 0 if there is none."""
    taken = [cell.taken for cell in cells if cell.state == "complete"]
    return sum(taken) / len(taken) if taken else 0.0


def _candidate(level: LevelView, max_lr: float, cells: Sequence[Cell], seeds: int, unit: str) -> CandidateSpending:
    complete = sum(cell.state == "complete" for cell in cells)
    stopped = [round(cell.taken) for cell in cells if cell.state == "stopped"]
    fate: Fate = "given up" if level.chosen is not None else "under way"
    if max_lr == level.winner:
        fate = "winner"
    elif any(cell.diverged for cell in cells):
        fate = "diverged"
    elif stopped:
        fate = "stopped early"
    elif complete == seeds:
        fate = "trained on all seeds"
    return CandidateSpending(
        max_lr,
        fate,
        complete,
        seeds,
        sum(cell.taken for cell in cells),
        min(stopped, default=None),
        level.given_up.get(max_lr),
        unit,
    )
