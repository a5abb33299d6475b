"""The heat map: the mean validation accuracy of every candidate at every level, and the winners' path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.report import words
from oracle.report.plate import Plate, shown_levels
from oracle.report.style import Figure, density_step
from oracle.report.tiles import colour_bar, column, figure, marks, path, usual_reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.report.style import Trace
    from oracle.results.level_view import CandidateView, LevelView
    from oracle.results.study_view import StudyView

CLIP_QUANTILE = 0.25
"""Below this quantile, all tiles have the same colour, so that colours can differ near the top."""


def plate(view: StudyView) -> Plate:
    """Return the figure of accuracy over density and max_lr."""
    title, levels = "Accuracy of every candidate", shown_levels(view)
    accuracies = [c.val for lv in levels for c in lv.candidates if c.val is not None]
    if not accuracies:
        return Plate(title, None, "No candidate has finished training yet.")
    floor = clipped_at(levels)
    below = sum(accuracy < floor for accuracy in accuracies)
    caption = (
        "Mean validation accuracy over the seeds that have finished. What was not trained is empty. "
        f"To show the differences near the top, the colours start at {words.accuracy(floor)}"
    )
    if below:
        verb = "has" if below == 1 else "have"
        caption += f"; {words.count(below, 'candidate')} below that {verb} the darkest colour"
    return Plate(title, _figure(levels), caption + ".")


def _figure(levels: Sequence[LevelView]) -> Figure:
    shown = [lv for lv in levels if lv.candidates]
    reach = usual_reach([c.max_lr for c in lv.candidates] for lv in shown)
    step = density_step(levels)
    columns = [_column(lv, reach, step) for lv in shown]
    over = [*_diverged(shown), *path(shown, "best max_lr of each level")]
    return figure(levels, columns, over, _colours(shown), top=64)


def clipped_at(levels: Sequence[LevelView]) -> float:
    """Return the accuracy below which all tiles have the darkest colour."""
    ordered = sorted(c.val for lv in levels for c in lv.candidates if c.val is not None)
    return ordered[int(CLIP_QUANTILE * (len(ordered) - 1))]


def _column(level: LevelView, reach: float, step: float) -> Trace:
    best = max(c.val or 0.0 for c in level.candidates)
    return column(
        level,
        [c.max_lr for c in level.candidates],
        [100 * (c.val or 0.0) for c in level.candidates],
        [_describe(level, c, best) for c in level.candidates],
        reach,
        step,
    )


def _describe(level: LevelView, candidate: CandidateView, best: float) -> str:
    behind = 100 * (best - (candidate.val or 0.0))
    lines = [
        f"<b>level {level.level}</b>, max_lr <b>{words.rate(candidate.max_lr)}</b>",
        f"validation {words.accuracy(candidate.val)}"
        + (f", {behind:.1f} points below the level's best" if behind else ", the level's best"),
        f"test {words.accuracy(candidate.test)}",
        words.count(candidate.seeds, "seed") + (f", {candidate.diverged} diverged" if candidate.diverged else ""),
    ]
    return "<br>".join(lines)


def _colours(levels: Sequence[LevelView]) -> dict[str, Any]:
    low = 100 * clipped_at(levels)
    high = 100 * max(c.val or 0.0 for lv in levels for c in lv.candidates)
    return {
        "colorscale": "Cividis",
        "cmin": low,
        "cmax": high if high > low else low + 1,
        "colorbar": colour_bar("mean validation accuracy") | {"ticksuffix": "\u202f%", "nticks": 6},
    }


def _diverged(levels: Sequence[LevelView]) -> list[Trace]:
    places = [(lv.density, c.max_lr) for lv in levels for c in lv.candidates if c.diverged]
    return marks("at least one seed diverged", "x", places)
