"""A study's decided levels, and the run of its oracle's curve, as a comparison takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.comparison.levels import OracleLevel
from oracle.results.silence import silent_sentences, stuck_sentences
from oracle.results.study_view import oracle_intervals
from oracle.study.commands import command
from oracle.study.opening import REPLAYED
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.intervals import Rule
    from oracle.results.level_view import LevelView
    from oracle.results.run_view import RunView
    from oracle.results.study_view import StudyView


def oracle_levels(view: StudyView, rule: Rule, tolerance: float) -> tuple[OracleLevel, ...]:
    """Return the levels that have a winner, with their intervals by a rule.

    Raises:
        InputError: the dense network has no winner, and waiting would not give it one.
    """
    if view.status.stuck and not any(level.chosen for level in view.levels):
        raise InputError(stuck_sentences(0))
    if view.levels and view.levels[0].level == 0 and view.levels[0].silence:
        raise InputError(
            f"There is no dense network to compare schedules with. {' '.join(silent_sentences(view.levels[:1]))}"
        )
    return judged_levels(view.levels, rule, tolerance)


def judged_levels(levels: Sequence[LevelView], rule: Rule, tolerance: float) -> tuple[OracleLevel, ...]:
    """Return those of some levels that have a winner, with their intervals by a rule."""
    intervals = oracle_intervals(levels, rule, tolerance)
    known = all(level.test_scores for level in levels if level.winner is not None)
    return tuple(
        OracleLevel(
            level.level,
            level.density,
            level.winner,
            level.scores,
            intervals[level.level],
            diverged=level.diverged,
            answers=level.answers,
            trained=level.trained,
            given_up=level.given_up,
            scale=level.metric.scale,
            test_scores=level.test_scores if known else {},
        )
        for level in levels
        if level.winner is not None
    )


def chosen_path(view: StudyView) -> list[float]:
    """Return the candidates that the oracle's curve goes through, level by level."""
    return [level.chosen for level in view.levels if level.chosen is not None]


def replayed_oracle(view: StudyView, run: RunView | None) -> tuple[RunView | None, tuple[str, ...]]:
    """Return the run of the oracle's curve if it is still the oracle's, else what to say about it."""
    if run is None:
        return None, ()
    chosen, trained = chosen_path(view), getattr(run.policy.schedule, "values", ())
    if chosen[: len(trained)] == list(trained)[: len(chosen)]:
        return run, ()
    return None, (
        "The oracle's curve has changed since it was trained on fresh seeds, so there is nothing to compare the "
        "trained schedules with. To fix that, run "
        f"`{command('studies', 'delete', view.name, '--run', REPLAYED, db=view.database)}`, and then "
        f"`{command('run', view.name, db=view.database)}`.",
    )
