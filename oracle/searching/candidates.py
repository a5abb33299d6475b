"""What a level has seen so far: its cells (one trial each) and its candidates (one `max_lr` over all seeds)."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scyc import StopRule

TOLERANCE = 0.005
"""How much less accuracy (a fraction) is as good as the best, by default: half a point."""

Silence = Literal["diverged", "equal"]
"""Why a level says nothing about `max_lr`; see `silence`."""


@dataclass(frozen=True)
class Cell:
    """One trial of the current level.

    Attributes:
        round: the round in which its candidate was proposed, from 0 on.
        score: the value of the study's metric as `MetricSpec.score` turns it: higher is better. None until `state` is
            "complete", and of a training that is not finite if the metric has no worst value.
        finite: whether a next level can start from its network.
        stop: the rule that may end its training early; None if it is trained to its end.
        curve: score after each epoch of a complete or stopped trial, where the search method asks for curves. It is on
            the watched examples, but of a complete trial's last epoch on all.
        steps: where the points of the curve lie, in the study's unit; empty if they lie at 0, 1, 2, ...
        spent: how much the training took, in the study's unit; None if that is what its curve shows.
    """

    max_lr: float
    seed: int
    round: int
    state: Literal["pending", "complete", "failed", "stopped"]
    score: float | None = None
    diverged: bool = False
    finite: bool = True
    stop: StopRule | None = None
    curve: tuple[float, ...] = ()
    steps: tuple[int, ...] = ()
    spent: float | None = None

    @property
    def taken(self) -> float:
        """How much the training took, in the study's unit: what it says, else what its curve shows."""
        if self.spent is not None:
            return self.spent
        return self.steps[-1] + 1 if self.steps else len(self.curve)

    def after(self, step: int) -> float | None:
        """Return the score of the first point of the curve from a step on; None if the curve ends before."""
        if not self.steps:
            return self.curve[step] if len(self.curve) > step else None
        points = zip(self.steps, self.curve, strict=True)
        return next((score for at, score in points if at >= step and score > -math.inf), None)


@dataclass(frozen=True)
class Candidate:
    """One `max_lr`, over the seeds that it is trained on.

    Attributes:
        score: mean over these seeds. One whose training is not finite counts as the worst that there is, or that
            the level has seen, since its network answers nothing: a mean over the others would flatter a `max_lr` at
            which training is a matter of luck.
        diverged: on at least one of them.
        finite: on all of them.
        by_seed: scores, seeds ascending.
    """

    max_lr: float
    round: int
    score: float
    diverged: bool
    finite: bool = True
    by_seed: tuple[float, ...] = ()


def candidates(cells: Iterable[Cell]) -> list[Candidate]:
    """Return the candidates of the complete cells, with means over their seeds, in the order of their proposal.

    A candidate belongs to the round in which its first seed was proposed. One that was stopped early on a seed is none:
    the others would flatter it.
    """
    by_max_lr: dict[float, list[Cell]] = defaultdict(list)
    cells = list(cells)
    gone = {cell.max_lr for cell in cells if cell.state == "stopped"}
    for cell in cells:
        if cell.state == "complete" and cell.max_lr not in gone:
            by_max_lr[cell.max_lr].append(cell)
    least = floor(cell.score for cell in cells)
    groups = {(min(cell.round for cell in group), max_lr): group for max_lr, group in by_max_lr.items()}
    return [
        Candidate(
            max_lr,
            round_,
            math.fsum(least if cell.score is None else cell.score for cell in group) / len(group),
            any(cell.diverged for cell in group),
            all(cell.finite for cell in group),
            tuple(least if cell.score is None else cell.score for cell in sorted(group, key=lambda cell: cell.seed)),
        )
        for (round_, max_lr), group in sorted(groups.items())
    ]


def floor(scores: Iterable[float | None]) -> float:
    """Return what a training of a level counts as that has no score, because it is not finite: the worst of the others.

    Only where the metric has no worst value are there such trainings. The candidate is known to have diverged.
    """
    return min((score for score in scores if score is not None), default=0.0)


def whole(observed: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that are trained on the most seeds; a search may give up the others before."""
    most = max((len(candidate.by_seed) for candidate in observed), default=0)
    return [candidate for candidate in observed if len(candidate.by_seed) == most]


def winner_of(scores: Mapping[float, float]) -> float:
    """Return the `max_lr` with the highest mean score; of equal ones the smallest. Every level is decided so."""
    return min(scores, key=lambda max_lr: (-scores[max_lr], max_lr))


def competing(observed: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return the candidates that can win: those that did not diverge; if all did, the finite ones; if none is, all."""
    sound = [candidate for candidate in observed if not candidate.diverged]
    return sound or [candidate for candidate in observed if candidate.finite] or observed


def best(observed: Sequence[Candidate]) -> Candidate:
    """Return the candidate that `winner_of` chooses among those that can win."""
    by_max_lr = {candidate.max_lr: candidate for candidate in competing(observed)}
    return by_max_lr[winner_of({max_lr: candidate.score for max_lr, candidate in by_max_lr.items()})]


def standing(observed: Sequence[Candidate]) -> dict[float, float]:
    """Return, by `max_lr`, what each candidate counts as to whoever looks at all of them at once.

    It is the mean score, but of one that diverged no more than that of the worst that did not.
    """
    most = min((candidate.score for candidate in observed if not candidate.diverged), default=math.inf)
    return {c.max_lr: min(c.score, most) if c.diverged else c.score for c in observed}


def silence(observed: Sequence[Candidate]) -> Silence | None:
    """Return why a level says nothing about `max_lr`, so that its winner is no measurement; None if it does.

    On every candidate at least one seed "diverged"; or all that can win are "equal", seed by seed.
    """
    if all(candidate.diverged for candidate in observed):
        return "diverged"
    sound = competing(whole(observed))
    alike = {(candidate.score, candidate.by_seed) for candidate in sound}
    return "equal" if len(sound) > 1 and len(alike) == 1 else None


def is_edge(winner: Candidate, observed: Sequence[Candidate], stopped: Iterable[float] = ()) -> bool:
    """Return whether the winner is the smallest or the largest candidate tried, and so may not be the best there is.

    Where the level says nothing about `max_lr`, it is not known to be the best of anything.

    Args:
        winner: the winner.
        observed: the candidates that were trained to their end.
        stopped: the `max_lr` of those that were stopped early, which were tried too.
    """
    if silence(observed):
        return False
    tried = [*(candidate.max_lr for candidate in observed), *stopped]
    return winner.max_lr in (min(tried), max(tried))
