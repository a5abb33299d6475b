"""The report's figures, each with the caption that tells how to read it, or with what it is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.report import words
from oracle.report.accuracy import accuracy
from oracle.report.curve import oracle_curve, scaled
from oracle.report.heatmap import clipped_at, heatmap
from oracle.report.intervals import interval_looks, is_open
from oracle.results.intervals import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.report.style import Figure
    from oracle.results.study_view import LevelView, StudyView


@dataclass(frozen=True)
class Plate:
    """A figure on the page; `figure` is None when the study has nothing to draw yet.

    Attributes:
        key: its name in the page's addresses.
        title: its heading.
        figure: Plotly JSON.
        caption: how to read it, or why there is nothing to see.
    """

    key: str
    title: str
    figure: Figure | None
    caption: str


def plates(view: StudyView) -> list[Plate]:
    """Return the study's figures in reading order."""
    levels = [lv for lv in view.levels if lv.candidates or lv.winner is not None]
    return [_curve(view, levels), _heatmap(levels), _accuracy(levels)]


def _curve(view: StudyView, levels: Sequence[LevelView]) -> Plate:
    title = "The oracle curve"
    if not any(lv.winner is not None for lv in levels):
        return Plate("curve", title, None, "No level is decided yet, so there is no curve to draw.")
    return Plate("curve", title, oracle_curve(view, levels), " ".join(_curve_caption(view, levels)))


def _curve_caption(view: StudyView, levels: Sequence[LevelView]) -> Iterator[str]:
    yield "The best max_lr at each density, dense network at the left; both axes are logarithmic."
    looks = interval_looks()
    for rule, look in looks.items():
        if any(lv.intervals[rule] for lv in levels):
            yield f"{look.said} the “{rule}” interval."
        else:
            yield f"No “{rule}” interval could be judged; it needs {RULES[rule].needs}."
    if any(is_open(interval) for lv in levels for interval in lv.intervals.values()):
        colours = ", ".join(f"{look.marks[1]} for “{rule}”" for rule, look in looks.items())
        yield f"A hollow triangle marks an open bound: the interval reaches beyond the candidates ({colours})."
    yield (
        "Dotted, the values that S-Cyc's authors use for ResNet-20 on CIFAR-10, as they are; another network may "
        "need quite different ones."
    )
    if scaled(view, levels):
        yield (
            "Dashed, the same shape multiplied so that it starts at this study's dense winner, with this study's "
            "pruning rate. It is scaled, not fitted."
        )


def _heatmap(levels: Sequence[LevelView]) -> Plate:
    title = "Accuracy of every candidate"
    cells = [c.val_accuracy for lv in levels for c in lv.candidates]
    if not cells:
        return Plate("heatmap", title, None, "No candidate has finished training yet.")
    floor = clipped_at(levels)
    below = sum(cell < floor for cell in cells)
    caption = (
        "Mean validation accuracy over the seeds that have finished; cells that were not trained are empty. "
        f"To show the differences near the top, the colours start at {words.accuracy(floor)}"
    )
    if below:
        verb = "shares" if below == 1 else "share"
        caption += f"; {words.count(below, 'cell')} below that {verb} the darkest colour"
    return Plate("heatmap", title, heatmap(levels), caption + ".")


def _accuracy(levels: Sequence[LevelView]) -> Plate:
    title = "Accuracy of the winners"
    if not any(lv.winning for lv in levels):
        return Plate("accuracy", title, None, "No level is decided yet, so there is no winner to judge.")
    caption = (
        "Mean accuracy of each level's winner; the bars reach from its worst seed to its best. "
        "The winner was picked for its validation accuracy, and the best of many noisy candidates looks better than "
        "it is: trust the test accuracy, which was never used to choose."
    )
    return Plate("accuracy", title, accuracy(levels), caption)
