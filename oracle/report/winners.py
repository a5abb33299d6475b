"""The figure of the winners: their validation and test accuracy as the network gets sparser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.report import words
from oracle.report.plate import Plate, no_winner, shown_levels
from oracle.report.style import BLUE, VERMILLION, Figure, accuracy_axis, density_step, layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.level_view import LevelView, TrialView
    from oracle.results.study_view import StudyView


def plate(view: StudyView) -> Plate:
    """Return the figure of the winners' accuracies."""
    title, levels = "Accuracy of the winners", shown_levels(view)
    if not any(lv.winning for lv in levels):
        return Plate(title, None, f"{no_winner(levels)}, so there is none to judge.")
    caption = (
        "Mean accuracy of each level's winner; the bars reach from its worst seed to its best. "
        "The winner was chosen by its validation accuracy, and the best of many noisy candidates looks better than it "
        "is. Trust the test accuracy, which is never used to choose."
    )
    return Plate(title, _figure(levels), caption)


def _figure(levels: Sequence[LevelView]) -> Figure:
    decided = [lv for lv in levels if lv.winning]
    aside = density_step(levels) ** 0.06
    data = [
        _line("validation", decided, BLUE, "circle", "solid", 1 / aside),
        _line("test", decided, VERMILLION, "diamond", "dash", aside),
    ]
    return {"data": data, "layout": layout(levels, accuracy_axis(), "accuracy", height=400)}


def _line(which: str, levels: Sequence[LevelView], colour: str, symbol: str, dash: str, aside: float) -> dict[str, Any]:
    """Return one accuracy's line; `aside` moves it a little so that the two lines' bars do not overlap."""
    means = [_mean(lv, which) for lv in levels]
    seeds = [_of_seeds(lv, which) or [mean] for lv, mean in zip(levels, means, strict=True)]
    return {
        "name": f"{which} accuracy",
        "type": "scatter",
        "mode": "lines+markers",
        "x": [lv.density * aside for lv in levels],
        "y": [100 * mean for mean in means],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [100 * max(0.0, max(s) - mean) for s, mean in zip(seeds, means, strict=True)],
            "arrayminus": [100 * max(0.0, mean - min(s)) for s, mean in zip(seeds, means, strict=True)],
            "color": colour,
            "thickness": 1.2,
            "width": 4,
        },
        "text": [
            f"<b>level {lv.level}</b>, {words.density(lv.density)} density<br>"
            f"{which} {words.accuracy(mean)}, {words.count(len(s), 'seed')} "
            f"from {words.accuracy(min(s))} to {words.accuracy(max(s))}"
            for lv, mean, s in zip(levels, means, seeds, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "symbol": symbol, "size": 8},
    }


def _mean(level: LevelView, which: str) -> float:
    winning = level.winning
    if winning is None:
        raise ValueError(f"Level {level.level} has no winner whose accuracy could be drawn.")
    mean = winning.val if which == "validation" else winning.test
    if mean is None:
        raise ValueError(f"The {which} values of the winner of level {level.level} are not known.")
    return mean


def _of_seeds(level: LevelView, which: str) -> list[float]:
    trials = [t for t in level.trials if t.max_lr == level.winner and t.state == "complete"]
    values = [_value(t, which) for t in trials]
    return [value for value in values if value is not None]


def _value(trial: TrialView, which: str) -> float | None:
    return trial.val if which == "validation" else trial.test
