"""A study's oracle against level schedules: the fit, the verdicts, and the same as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from oracle.comparison.contenders import chosen, contenders
from oracle.comparison.fit import FEWEST_LEVELS, fit_scyc
from oracle.comparison.surface import OracleLevel
from oracle.comparison.verdict import judge
from oracle.interval import TOLERANCE, paired, within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.comparison.fit import Fit
    from oracle.comparison.verdict import Verdict
    from oracle.view import LevelView, StudyView
    from scyc import LevelSchedule

RuleName = Literal["within", "paired"]

VERSION = 1
"""Of the shape that `to_json` returns, which docs/comparison.md describes."""


@dataclass(frozen=True)
class Comparison:
    """A study's oracle against level schedules.

    Attributes:
        study: its name.
        rule: of the interval.
        tolerance: margin of the `within` rule, a fraction of accuracy.
        p: fraction of the remaining weights pruned per level.
        levels: the oracle's decided levels.
        fit: of S-Cyc; None with too few levels.
        schedules: by name.
        verdicts: by the same names.
    """

    study: str
    rule: RuleName
    tolerance: float
    p: float
    levels: tuple[OracleLevel, ...]
    fit: Fit | None
    schedules: Mapping[str, LevelSchedule]
    verdicts: Mapping[str, Verdict]


def compare(
    view: StudyView, rule: RuleName = "within", tolerance: float = TOLERANCE, names: Sequence[str] = ()
) -> Comparison:
    """Compare a study's decided levels with level schedules.

    Args:
        view: the study.
        rule: which interval decides whether a schedule is as good as the oracle.
        tolerance: margin of the `within` rule, a fraction of accuracy, > 0.
        names: of the schedules; all without.

    Raises:
        InputError: no level is decided, or a schedule is not known.
    """
    judge_by = partial(within, tolerance=tolerance) if rule == "within" else paired
    p = float(view.spec["pruning"]["rate"])
    levels = tuple(_surface(level, judge_by) for level in view.levels if level.winner is not None)
    fit = fit_scyc(levels, p, judge_by) if len(levels) >= FEWEST_LEVELS else None
    schedules = chosen(contenders(levels, p, fit.schedule if fit else None), names)
    verdicts = {name: judge(schedule, levels) for name, schedule in schedules.items()}
    return Comparison(view.name, rule, tolerance, p, levels, fit, schedules, verdicts)


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain JSON values: accuracies and regrets as fractions, `max_lr` in full."""
    fit = comparison.fit
    return {
        "comparison": VERSION,
        "study": comparison.study,
        "rule": comparison.rule,
        "tolerance": comparison.tolerance if comparison.rule == "within" else None,
        "p": comparison.p,
        "levels": [
            {
                "level": level.level,
                "density": level.density,
                "winner": level.winner,
                "interval": [level.interval.low, level.interval.high] if level.interval else None,
                "open": [level.interval.low_open, level.interval.high_open] if level.interval else None,
            }
            for level in comparison.levels
        ],
        "fit": {**asdict(fit), "python": as_python(fit.schedule)} if fit else None,
        "schedules": {
            name: {"python": as_python(comparison.schedules[name]), **asdict(verdict)}
            for name, verdict in comparison.verdicts.items()
        },
    }


def as_python(schedule: LevelSchedule) -> str:
    """Return the one line that makes the schedule in a training loop of one's own."""
    return f"from scyc import {type(schedule).__name__}; schedule = {schedule!r}"


def _surface(level: LevelView, rule: Any) -> OracleLevel:
    accuracies: dict[float, dict[int, float]] = {}
    for trial in level.trials:
        if trial.val_accuracy is not None:
            accuracies.setdefault(trial.max_lr, {})[trial.seed] = trial.val_accuracy
    surface = {max_lr: [by_seed[seed] for seed in sorted(by_seed)] for max_lr, by_seed in accuracies.items()}
    winner = level.winner or 0.0
    diverged = level.winning is not None and level.winning.diverged > 0
    interval = None if diverged else rule(surface, winner)
    return OracleLevel(level.level, level.density, winner, interval, surface)
