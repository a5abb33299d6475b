"""What a walk is worth, beside the full grid of the same seeds and the truth, which the other recorded seeds tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.replaying.simulation import outcome
from oracle.results.intervals import RULES, DecidedLevel
from oracle.results.repeatability import overlap
from oracle.searching.candidates import Cell, best, candidates, silence, whole
from oracle.searching.standings import Standings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from oracle.replaying.recording import Recording
    from oracle.replaying.simulation import Walk
    from oracle.results.intervals import Interval

Intervals = dict[int, "Interval"]
"""The `model` intervals by level; a level that cannot be judged has none."""


@dataclass(frozen=True)
class Reference:
    """What walks with the same seeds are judged by.

    Attributes:
        seeds: the seeds of the study.
        others: the other recorded seeds, which tell the truth; empty if there are none.
        epochs: what the full grid takes on `seeds`.
        grid: intervals of the full grid on `seeds`.
        truth: intervals of the full grid on `others`.
    """

    seeds: tuple[int, ...]
    others: tuple[int, ...]
    epochs: int
    grid: Intervals
    truth: Intervals

    @classmethod
    def of(cls, recording: Recording, seeds: Sequence[int]) -> Self:
        """Return what a study of some of the recorded seeds is judged by. Fitting the surfaces takes a moment.

        Raises:
            InputError: a seed is not on record.
        """
        others = tuple(seed for seed in recording.seeds.tolist() if seed not in seeds)
        return cls(
            seeds=tuple(seeds),
            others=others,
            epochs=int(recording.epochs[:, :, recording.places(seeds)].sum()),
            grid=_full_grid(recording, seeds),
            truth=_full_grid(recording, others) if others else {},
        )

    @property
    def ceiling(self) -> float | None:
        """Mean overlap of the grid's intervals with the truth's; None if there is no truth."""
        return _overlaps(self.grid, self)


@dataclass(frozen=True)
class Judgement:
    """What a walk is worth.

    Attributes:
        trainings: how many cells were trained.
        epochs: epochs that were trained.
        share: the same as a share of the full grid's on the same seeds.
        clock: when the last training ended, in epochs of one training.
        busy: share of their time that the workers trained.
        outside: share of the cells that are outside the recorded grid.
        test_regret: by level, what the chosen `max_lr` loses against the best candidate on the test examples, in points
            of percent or the metric's own units, both on the other seeds; empty if there are none, or no test values.
        validation_regret: the same on the validation examples.
        inside: share of the levels at which the chosen `max_lr` lies in the full grid's interval; None without any.
        overlap: mean overlap of the walk's intervals with the truth's, 0 where the walk has none; None without truth.
        ceiling: the same of the full grid's.
        on_path: share of the levels before which every chosen `max_lr` was the recorded winner. The recording is exact
            there; at the others it stands for what it would be after another choice.
        decided: share of the levels that were decided; less than 1 if the method got stuck.
    """

    trainings: int
    epochs: float
    share: float
    clock: float
    busy: float
    outside: float
    test_regret: tuple[float, ...]
    validation_regret: tuple[float, ...]
    inside: float | None
    overlap: float | None
    ceiling: float | None
    on_path: float
    decided: float

    @property
    def ratio(self) -> float | None:
        """The overlap as a share of the ceiling; None if there is none."""
        return self.overlap / self.ceiling if self.overlap is not None and self.ceiling else None


def judge(recording: Recording, walk: Walk, reference: Reference) -> Judgement:
    """Return what a walk is worth.

    Args:
        recording: what it walked on.
        walk: the walk.
        reference: of the same seeds.
    """
    chosen = [decision.winner for decision in walk.decisions]
    judged = [decision for decision in walk.decisions if decision.level in reference.grid]
    hits = [reference.grid[decision.level].off(decision.winner) == 1 for decision in judged]
    places = recording.places(reference.others)
    same = np.cumprod([1.0, *(winner == there for winner, there in zip(chosen, recording.winners, strict=False))])
    return Judgement(
        trainings=len(walk.trained),
        epochs=walk.epochs,
        share=walk.epochs / reference.epochs,
        clock=walk.clock,
        busy=walk.busy,
        outside=walk.outside / len(walk.trained),
        test_regret=tuple(_regret(recording, "test", chosen, places)),
        validation_regret=tuple(_regret(recording, "validation", chosen, places)),
        inside=sum(hits) / len(hits) if hits else None,
        overlap=_overlaps(_intervals(recording, [walk.cells(level) for level in range(len(chosen))]), reference),
        ceiling=reference.ceiling,
        on_path=float(same[: recording.levels].sum()) / recording.levels,
        decided=len(chosen) / recording.levels,
    )


def decided_level(recording: Recording, level: int, cells: Sequence[Cell]) -> DecidedLevel | None:
    """Return a level as the rules see it. None if it has no winner."""
    observed, seen = candidates(cells), Standings.of(level, cells)
    if not observed or silence(observed):
        return None
    answers = {max_lr: recording.read(level, max_lr).answers for max_lr in seen.found}
    known = {
        max_lr: each[recording.places(sorted(seen.found[max_lr]))]
        for max_lr, each in answers.items()
        if each is not None
    }
    return DecidedLevel(
        level,
        float(recording.densities[level]),
        best(whole(observed)).max_lr,
        seen.scores,
        diverged=seen.diverged,
        answers=known or None,
        trained=seen.trained,
        given_up=seen.given_up,
        scale=recording.spec.metric.scale,
    )


def _full_grid(recording: Recording, seeds: Sequence[int]) -> Intervals:
    cells = [Cell(max_lr, seed, 0, "pending") for max_lr in recording.rates.tolist() for seed in seeds]
    return _intervals(
        recording, [[outcome(recording, level, cell) for cell in cells] for level in range(recording.levels)]
    )


def _intervals(recording: Recording, levels: Sequence[Sequence[Cell]]) -> Intervals:
    """Return the `model` intervals of levels, given the cells of each."""
    decided = [decided_level(recording, level, cells) for level, cells in enumerate(levels)]
    seen = [level for level in decided if level is not None and level.has_winner]
    judged = zip(seen, RULES["model"].intervals(seen, recording.spec.metric.tolerance), strict=True)
    return {level.level: interval for level, interval in judged if interval is not None}


def _overlaps(found: Intervals, reference: Reference) -> float | None:
    """Return the mean overlap with the truth, over the levels at which both truth and full grid have an interval."""
    there = [level for level in reference.truth if level in reference.grid]
    if not there:
        return None
    each = [overlap(found[level], reference.truth[level]) if level in found else 0.0 for level in there]
    return sum(each) / len(each)


def _regret(recording: Recording, split: str, chosen: Sequence[float], places: Sequence[int]) -> list[float]:
    scores = getattr(recording, split)
    if not places or np.isnan(scores).any():
        return []
    factor = recording.spec.metric.factor
    best_there = factor * scores[:, :, places].mean(axis=2).max(axis=1)
    reached = [factor * getattr(recording.read(level, rate), split)[places].mean() for level, rate in enumerate(chosen)]
    return [float(best_there[level] - score) for level, score in enumerate(reached)]
