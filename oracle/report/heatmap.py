"""The heat map: what every candidate reached at every level on the validation data, and the winners' path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.report import words
from oracle.report.plate import Plate, shown_levels
from oracle.report.style import Figure, density_step
from oracle.report.tiles import colour_bar, colours_of, column, figure, marks, path, usual_reach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.report.style import Trace
    from oracle.results.level_view import CandidateView, LevelView
    from oracle.results.study_view import StudyView
    from oracle.spec.metric import MetricSpec

CLIP_QUANTILE = 0.25
"""Below this quantile, all tiles have the same colour, so that colours can differ near the top."""


def plate(view: StudyView) -> Plate:
    """Return the figure of the metric over density and max_lr."""
    metric = view.spec.metric
    title, levels = f"{metric.title} of every candidate", shown_levels(view)
    if not (scores := _scores(levels)):
        return Plate(title, None, "No candidate has finished training yet.")
    floor = clipped_at(levels)
    below = sum(score < floor for score in scores)
    caption = (
        f"Mean validation {metric.name} over the seeds that have finished. What was not trained is empty. "
        f"To show the differences near the top, the colours start at {metric.write(metric.value(floor))}"
    )
    if below:
        verb = "has" if below == 1 else "have"
        caption += f"; {words.count(below, 'candidate')} {metric.below} that {verb} the darkest colour"
    return Plate(title, _figure(levels, metric), caption + ".")


def _figure(levels: Sequence[LevelView], metric: MetricSpec) -> Figure:
    shown = [lv for lv in levels if _known(lv)]
    reach = usual_reach([c.max_lr for c in _known(lv)] for lv in shown)
    step = density_step(levels)
    columns = [_column(lv, reach, step) for lv in shown]
    over = [*_diverged(shown), *path(shown, "best max_lr of each level")]
    bar = colour_bar(f"mean validation {metric.name}") | {"ticksuffix": metric.suffix, "nticks": 6}
    colours = colours_of(metric, clipped_at(shown), max(_scores(shown))) | {"colorbar": bar}
    return figure(levels, columns, over, colours, top=64)


def clipped_at(levels: Sequence[LevelView]) -> float:
    """Return the score below which all tiles have the darkest colour."""
    ordered = sorted(_scores(levels))
    return ordered[int(CLIP_QUANTILE * (len(ordered) - 1))]


def _known(level: LevelView) -> list[CandidateView]:
    """Return the candidates that have a mean: a training that is not finite may have no value."""
    return [candidate for candidate in level.candidates if candidate.val is not None]


def _scores(levels: Sequence[LevelView]) -> list[float]:
    return [lv.metric.score(c.val) for lv in levels for c in lv.candidates if c.val is not None]


def _column(level: LevelView, reach: float, step: float) -> Trace:
    best, shown = max(_scores([level])), _known(level)
    return column(
        level,
        [c.max_lr for c in shown],
        [level.metric.factor * (c.val or 0.0) for c in shown],
        [_describe(level, c, best) for c in shown],
        reach,
        step,
    )


def _describe(level: LevelView, candidate: CandidateView, best: float) -> str:
    metric = level.metric
    behind = best - metric.score(candidate.val or 0.0)
    far = f"{metric.number(behind, metric.digits)}{metric.points} {metric.below}"
    lines = [
        f"<b>level {level.level}</b>, max_lr <b>{words.rate(candidate.max_lr)}</b>",
        f"validation {metric.write(candidate.val)}, " + (f"{far} the level's best" if behind else "the level's best"),
        *([f"test {metric.write(candidate.test)}"] if candidate.test is not None else []),
        words.count(candidate.seeds, "seed") + (f", {candidate.diverged} diverged" if candidate.diverged else ""),
    ]
    return "<br>".join(lines)


def _diverged(levels: Sequence[LevelView]) -> list[Trace]:
    places = [(lv.density, c.max_lr) for lv in levels for c in lv.candidates if c.diverged]
    return marks("at least one seed diverged", "x", places)
