"""What a study has found, in plain sentences that claim no more than its levels show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.report import words
from oracle.results.best import NOT_SHOWN
from oracle.results.intervals import RULES
from oracle.results.silence import level_list, silent_sentences, stuck_sentences
from oracle.study.fingerprints import accepted_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.best import LevelBest, StudyBest
    from oracle.results.intervals import Interval
    from oracle.results.level_view import LevelView
    from oracle.results.study_view import StudyView


SAID = "90\u202f% band"


@dataclass(frozen=True)
class Finding:
    """The headline, and the notes that qualify it."""

    headline: str
    notes: tuple[str, ...]


def find(view: StudyView) -> Finding:
    """Return what the study's decided levels show about the best max_lr."""
    decided = [level for level in view.levels if level.level in view.best.levels]
    headline = _headline(view, decided)
    if decided and _count_decided(view) < view.spec.levels:
        headline = f"So far, {headline[0].lower()}{headline[1:]}"
    notes = [
        _peak(view.best, decided),
        _resolved(view.best),
        _overlap(decided),
        _edges(view.best, decided),
        _examples(view.best),
        _left_out(view),
        *silent_sentences(view.levels),
        _open_levels(view),
        *accepted_changes(view.provenance),
        *view.status.machines.notes,
    ]
    return Finding(headline, tuple(note for note in notes if note))


def _headline(view: StudyView, decided: Sequence[LevelView]) -> str:
    if view.levels and view.levels[0].level == 0 and view.levels[0].silence:
        return "The dense network has no best max_lr, so it is not known whether max_lr rises."
    if not decided or decided[0].level != 0:
        return "The dense network's best max_lr is not decided yet, so it is not known whether max_lr rises."
    best, dense, last = view.best, decided[0], decided[-1]
    if dense is last:
        has = "has a best one" if _count_decided(view) > 1 else "is decided"
        return f"The dense network's best max_lr is {_banded(best.levels[0], SAID)}; no sparser level {has}."
    low, ratio, high = best.ratio(0, last.level)
    clear = low > 1 or high < 1
    if not clear and not best.shown:
        return f"No rise can be told. {NOT_SHOWN}"
    start, end = _banded(best.levels[0], f"dense; {SAID}"), _banded(best.levels[last.level])
    factor = f"a factor of {_factor(ratio)} (95\u202f%: {_factor(low)} to {_factor(high)})"
    if clear:
        way = "rises" if low > 1 else "falls"
        return f"The best max_lr {way} from {start} to {end} at {_place(last)}, by {factor}."
    return f"No rise can be told: the best max_lr is {start} and {end} at {_place(last)}, {factor}."


def _peak(best: StudyBest, decided: Sequence[LevelView]) -> str:
    """Say where the best is higher than at both ends, if it clearly is."""
    if len(decided) < 3:
        return ""
    top = max(decided, key=lambda level: best.levels[level.level].best)
    if any(top is end or best.ratio(end.level, top.level)[0] <= 1 for end in (decided[0], decided[-1])):
        return ""
    return f"In between, it is highest at {_place(top)}: {_banded(best.levels[top.level], SAID)}."


def _resolved(best: StudyBest) -> str:
    """Say at how many levels the best is resolved, if there are others."""
    known = sum(level.word == "resolved" for level in best.levels.values())
    if not 0 < known < len(best.levels):
        return ""
    return f"The best max_lr is known to within a factor of two at {known} of {len(best.levels)} levels."


def _overlap(decided: Sequence[LevelView]) -> str:
    """Say at how many of the sparser levels the dense winner is as good as the level's own winner."""
    if len(decided) < 2 or decided[0].level != 0 or (dense := decided[0].winner) is None:
        return ""
    clauses = [
        f"inside the “{rule}” interval at {sum(_contains(i, dense) for i in judged)} of {len(judged)}"
        for rule in RULES
        if (judged := [lv.intervals[rule] for lv in decided[1:] if lv.intervals[rule]])
    ]
    if not clauses:
        return ""
    return f"Of the sparser levels, the dense winner, {words.rate(dense)}, still lies {words.listing(clauses)}."


def _edges(best: StudyBest, decided: Sequence[LevelView]) -> str:
    """Say where the candidates end before the best is known."""
    edges = [level.level for level in decided if level.edge or best.levels[level.level].word == "open"]
    if not edges:
        return ""
    return f"At {level_list(edges)} the best max_lr may lie beyond the candidates: they end first."


def _examples(best: StudyBest) -> str:
    """Say what the bands leave out."""
    if not best.levels or best.judged_together:
        return ""
    return (
        "All candidates are judged on the same validation examples, and it is not on record how each was answered. So "
        "bands and factors do not hold for other examples: those may move the whole curve further."
    )


def _place(level: LevelView) -> str:
    return f"{words.density(level.density)} density"


def _banded(best: LevelBest, said: str = "") -> str:
    """Return the best max_lr of a level and its band, with what is said before the band."""
    band = f"{words.rate(best.low)} to {words.rate(best.high)}" + ", open" * (best.word == "open")
    return f"{words.rate(best.best)} ({said}{' ' * bool(said)}{band})"


def _factor(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 9.95 else f"{ratio:.0f}"


def _left_out(view: StudyView) -> str:
    """Say what is never pruned, if that is more than biases and normalisations."""
    return view.status.coverage.sentence if view.status.coverage is not None and view.status.coverage.notable else ""


def _open_levels(view: StudyView) -> str:
    planned, decided = view.spec.levels, _count_decided(view)
    if decided >= planned:
        return ""
    if view.status.stuck:
        return stuck_sentences(decided)
    reason = "; failed trials block the next one" if view.state == "blocked" else " so far"
    return f"{decided} of {words.count(planned, 'level')} {'is' if decided == 1 else 'are'} decided{reason}."


def _count_decided(view: StudyView) -> int:
    return sum(level.chosen is not None for level in view.levels)


def _contains(interval: Interval | None, max_lr: float) -> bool:
    return interval is not None and interval.off(max_lr) == 1.0
