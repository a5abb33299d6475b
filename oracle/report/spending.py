"""What a racing search spent: on how many seeds every candidate was trained, and what became of each level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.report import words
from oracle.report.plate import Plate, shown_levels
from oracle.report.style import BLUE, density_step
from oracle.report.tiles import colour_bar, column, figure, marks, path, usual_reach
from oracle.spec.search import RACING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.report.style import Figure, Trace
    from oracle.results.busy import BusyTime
    from oracle.results.level_view import LevelView
    from oracle.results.spending import Spending
    from oracle.results.study_view import StudyView
    from oracle.spec.metric import MetricSpec

NONE = "#eceff1"
"""Colour of a candidate that was trained to the end on no seed."""

_MOST_TICKS = 6


def plate(view: StudyView) -> Plate:
    """Return the figure of the number of seeds over density and max_lr."""
    title = "What the search spent"
    if view.spec.search.method != RACING:
        return Plate(title, None, f'Only a race (`search.method = "{RACING}"`) spares candidates some of the seeds.')
    levels = [level for level in shown_levels(view) if _seeds(level)]
    if not levels:
        return Plate(title, None, "No candidate has finished training yet.")
    caption = (
        "On how many seeds each candidate was trained to the end. What was not trained is empty. The race leaves a "
        "candidate as soon as it is unlikely to be as good as the best."
    )
    return Plate(title, _figure(shown_levels(view), levels, len(view.spec.seeds)), caption)


def told(spending: Spending, budget: float, metric: MetricSpec) -> Mapping[str, Any]:
    """Return what the page says of the search beside the figure: `spending.html` shows it.

    Args:
        spending: what it spent.
        budget: what it may spend, as a share of the grid's trainings.
        metric: that the study is judged by.
    """
    trainings = spending.complete + spending.stopped
    return {
        "unit": words.headed(spending.unit),
        "sentences": [
            f"The race took {words.count(trainings, 'training')}, of which {spending.stopped:,} "
            f"{'was' if spending.stopped == 1 else 'were'} stopped early. That is {_share(spending.share)} of the "
            f"{spending.unit} of the grid; its budget is {_share(budget)}.",
            f"Whether stopping loses good candidates is checked on a few trainings, chosen at random: "
            f"{spending.audit.phrase(metric)}.",
        ],
        "tolerance": metric.amount(metric.tolerance),
        "levels": [
            (
                str(level.level),
                f"{level.complete + level.stopped:,}",
                f"{level.stopped:,}",
                f"{level.epochs:,.15g}",
                _share(level.share),
                _certainty(level.certainty),
                level.word or words.NOTHING,
                *_time(level.time),
            )
            for level in spending.levels
        ],
        "candidates": [
            (str(level.level), words.rate(one.max_lr), str(one.seeds), f"{one.epochs:,.15g}", one.phrase(metric))
            for level in spending.levels
            for one in level.candidates
        ],
    }


def _time(time: BusyTime | None) -> tuple[str, str]:
    """Return the time for which the workers of a level trained, and that for which they waited."""
    if time is None:
        return words.NOTHING, words.NOTHING
    return words.duration(time.busy), words.duration(time.idle)


def _share(share: float) -> str:
    return f"{100 * share:.0f}\u202f%"


def _certainty(probability: float | None) -> str:
    if probability is None:
        return words.NOTHING
    return f">\u202f{_share(0.99)}" if probability > 0.99 else _share(probability)


def _figure(all_levels: Sequence[LevelView], levels: Sequence[LevelView], seeds: int) -> Figure:
    reach, step = usual_reach(sorted(_seeds(level)) for level in levels), density_step(all_levels)
    columns = [_column(level, seeds, reach, step) for level in levels]
    over = [*_marks(levels), *path(levels, "winner")]
    return figure(all_levels, columns, over, _colours(seeds), top=76)


def _seeds(level: LevelView) -> dict[float, int]:
    """Return, by candidate that was trained at all, on how many seeds it was trained to the end."""
    tried = {trial.max_lr for trial in level.trials if trial.state in ("complete", "stopped")}
    return {
        rate: sum(trial.max_lr == rate and trial.state == "complete" for trial in level.trials)
        for rate in sorted(tried)
    }


def _column(level: LevelView, seeds: int, reach: float, step: float) -> Trace:
    trained = _seeds(level)
    stopped, diverged = _stopped(level), level.diverged
    texts = [
        f"<b>level {level.level}</b>, max_lr <b>{words.rate(rate)}</b><br>"
        f"trained on {number} of {words.count(seeds, 'seed')}"
        + "<br>the winner" * (rate == level.winner)
        + "<br>stopped early" * (rate in stopped)
        + "<br>diverged" * (rate in diverged)
        for rate, number in trained.items()
    ]
    return column(level, list(trained), list(trained.values()), texts, reach, step)


def _stopped(level: LevelView) -> set[float]:
    return {trial.max_lr for trial in level.trials if trial.state == "stopped"}


def _marks(levels: Sequence[LevelView]) -> list[Trace]:
    """Return a mark on every candidate that was stopped early, and on every one that diverged."""
    stopped = [(lv.density, rate) for lv in levels for rate in sorted(_stopped(lv))]
    diverged = [(lv.density, rate) for lv in levels for rate in sorted(lv.diverged)]
    return [*marks("stopped early", "diamond", stopped), *marks("a seed diverged", "x", diverged)]


def _colours(seeds: int) -> dict[str, Any]:
    """Return one colour for each number of seeds, from none to all."""
    steps = seeds + 1
    colours = [_between(NONE, BLUE, number / seeds) for number in range(steps)]
    every = -(-seeds // _MOST_TICKS)
    return {
        "colorscale": [[(number + end) / steps, colours[number]] for number in range(steps) for end in (0, 1)],
        "cmin": -0.5,
        "cmax": seeds + 0.5,
        "colorbar": colour_bar("seeds") | {"tickvals": list(range(0, steps, every))},
    }


def _between(low: str, high: str, share: float) -> str:
    """Return the #rrggbb colour that lies at a share of the way from one to another."""
    ends = zip(bytes.fromhex(low[1:]), bytes.fromhex(high[1:]), strict=True)
    return "#" + "".join(f"{round((1 - share) * start + share * end):02x}" for start, end in ends)
