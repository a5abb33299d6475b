"""Silent levels: they say nothing about `max_lr`. They have no winner and take no part in any finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from oracle.searching.candidates import Candidate, candidates, silence
from oracle.searching.cells import CellMaker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oracle.spec.metric import MetricSpec
    from studies import TrialRecord

Silence = Literal["diverged", "equal", "unsound"]
"""Why a decided level is silent.

    diverged: on every candidate at least one seed diverged.
    equal: all candidates that did not diverge have the same score, seed by seed.
    unsound: an earlier version let a candidate win that diverged, although others did not.
"""

_SAID = {
    "diverged": "Nothing learned at {levels}: on every candidate at least one seed diverged.",
    "equal": "At {levels} all candidates that did not diverge are exactly as good.",
    "unsound": (
        "At {levels} an earlier version chose a candidate that diverged, although others did not; to decide again, "
        "extend the study."
    ),
}
_SO = (
    " So {it} nothing about max_lr: {has} no winner, and {takes} no part in what is found; the next level starts from "
    "the best candidate all the same."
)
_ONE = {"it": "it says", "has": "it has", "takes": "takes"}
_SEVERAL = {"it": "they say", "has": "they have", "takes": "take"}

STUCK = (
    "Level {level} cannot be decided: on every candidate at least one seed ended with a loss or with weights that are "
    "not finite, so no network is left to prune."
)
"""What is said of a level that no next level can start from."""

SMALLER = "Try a smaller max_lr: extend the study with smaller candidates, or start another one with a lower range."
"""What to do about it."""

NO_WINNER: Mapping[Silence, str] = {"diverged": "every candidate diverged", "equal": "all candidates are equal"}
"""Why a level that has just ended has no winner, in a few words."""


def stuck_sentences(level: int) -> str:
    """Return what to say of a level that no next level can start from, and what to do about it."""
    return f"{STUCK.format(level=level)} {SMALLER}"


def observed_in(trials: Iterable[TrialRecord], metric: MetricSpec) -> list[Candidate]:
    """Return the candidates of a level's trials that are complete."""
    return candidates(map(CellMaker(curves=False, metric=metric).recorded, trials))


def silence_of(chosen: float, trials: Iterable[TrialRecord], metric: MetricSpec) -> Silence | None:
    """Return why a level is silent; None if it is not.

    Args:
        chosen: the candidate that the next level starts from.
        trials: those of the level that count.
        metric: that the study is judged by.
    """
    observed = observed_in(trials, metric)
    unsound = any(candidate.diverged for candidate in observed if candidate.max_lr == chosen)
    return silence(observed) or ("unsound" if unsound else None)


class _Level(Protocol):
    @property
    def level(self) -> int: ...
    @property
    def silence(self) -> Silence | None: ...


def silent_sentences(levels: Iterable[_Level]) -> list[str]:
    """Return what to say of those of the levels that are silent, one sentence or two for each reason."""
    by_reason: dict[str, list[int]] = {}
    for level in levels:
        if level.silence is not None:
            by_reason.setdefault(level.silence, []).append(level.level)
    return [
        _SAID[reason].format(levels=level_list(which)) + _SO.format(**(_ONE if len(which) == 1 else _SEVERAL))
        for reason, which in by_reason.items()
    ]


def level_list(levels: Sequence[int]) -> str:
    """Return level numbers with stretches written as such: "levels 2, 5 to 9"."""
    stretches: list[list[int]] = []
    for level in levels:
        if stretches and level == stretches[-1][-1] + 1:
            stretches[-1].append(level)
        else:
            stretches.append([level])
    named = [f"{s[0]} to {s[-1]}" if len(s) > 2 else ", ".join(map(str, s)) for s in stretches]
    return f"level{'s' if len(levels) > 1 else ''} {', '.join(named)}"
