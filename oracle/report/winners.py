"""The figure of the winners: what they reach on validation and test data as the network gets sparser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.report import words
from oracle.report.plate import Plate, no_winner, shown_levels
from oracle.report.style import BLUE, VERMILLION, Figure, density_step, layout, value_axis
from oracle.spec.metric import ACCURACY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.level_view import LevelView, TrialView
    from oracle.results.study_view import StudyView
    from oracle.spec.metric import MetricSpec


def plate(view: StudyView) -> Plate:
    """Return the figure of what the winners reach."""
    metric = view.spec.metric
    title, levels = f"{metric.title} of the winners", shown_levels(view)
    if not any(lv.winning for lv in levels):
        return Plate(title, None, f"{no_winner(levels)}, so there is none to judge.")
    caption = (
        f"Mean {metric.name} of each level's winner; the bars reach from its worst seed to its best. "
        f"The winner was chosen by its validation {metric.name}, and the best of many noisy candidates looks better "
        "than it is. "
    )
    if any(lv.winning and lv.winning.test is not None for lv in levels):
        caption += f"Trust the test {metric.name}, which is never used to choose."
    else:
        caption += f"The test {metric.name}, which is never used to choose, is not known."
    return Plate(title, _figure(levels, metric), caption)


def _figure(levels: Sequence[LevelView], metric: MetricSpec) -> Figure:
    decided = [lv for lv in levels if lv.winning]
    aside = density_step(levels) ** 0.06
    lines = [
        _line("validation", decided, BLUE, "circle", "solid", 1 / aside),
        _line("test", decided, VERMILLION, "diamond", "dash", aside),
    ]
    data = [line for line in lines if line["x"]]
    return {"data": data, "layout": layout(levels, value_axis(metric), metric.name, height=400)}


def _line(which: str, levels: Sequence[LevelView], colour: str, symbol: str, dash: str, aside: float) -> dict[str, Any]:
    """Return the line of one split, over the levels where it is known.

    `aside` moves it a little so that the two lines' bars do not overlap.
    """
    known = [(lv, mean) for lv in levels if (mean := _mean(lv, which)) is not None]
    levels, means = [lv for lv, _ in known], [mean for _, mean in known]
    seeds = [_of_seeds(lv, which) or [mean] for lv, mean in known]
    metric = levels[0].metric if levels else ACCURACY
    return {
        "name": f"{which} {metric.name}",
        "type": "scatter",
        "mode": "lines+markers",
        "x": [lv.density * aside for lv in levels],
        "y": [metric.factor * mean for mean in means],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [metric.factor * max(0.0, max(s) - mean) for s, mean in zip(seeds, means, strict=True)],
            "arrayminus": [metric.factor * max(0.0, mean - min(s)) for s, mean in zip(seeds, means, strict=True)],
            "color": colour,
            "thickness": 1.2,
            "width": 4,
        },
        "text": [
            f"<b>level {lv.level}</b>, {words.density(lv.density)} density<br>"
            f"{which} {metric.write(mean)}, {words.count(len(s), 'seed')} "
            f"from {metric.write(min(s))} to {metric.write(max(s))}"
            for lv, mean, s in zip(levels, means, seeds, strict=True)
        ],
        "hovertemplate": "%{text}<extra></extra>",
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "symbol": symbol, "size": 8},
    }


def _mean(level: LevelView, which: str) -> float | None:
    winning = level.winning
    if winning is None:
        return None
    return winning.val if which == "validation" else winning.test


def _of_seeds(level: LevelView, which: str) -> list[float]:
    trials = [t for t in level.trials if t.max_lr == level.winner and t.state == "complete"]
    values = [_value(t, which) for t in trials]
    return [value for value in values if value is not None]


def _value(trial: TrialView, which: str) -> float | None:
    return trial.val if which == "validation" else trial.test
