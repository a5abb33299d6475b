"""What a study has found, in plain sentences that claim no more than its levels show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.report import words
from oracle.results.intervals import RULES
from oracle.results.silence import silent_sentences, stuck_sentences
from oracle.study.fingerprints import accepted_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.results.intervals import Interval
    from oracle.results.study_view import LevelView, StudyView


@dataclass(frozen=True)
class Finding:
    """The headline, and the notes that qualify it."""

    headline: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Decided:
    """A decided level and its winner."""

    level: LevelView
    winner: float

    @property
    def place(self) -> str:
        return f"{words.density(self.level.density)} density"


def find(view: StudyView) -> Finding:
    """Return what the study's decided levels show about the best max_lr."""
    decided = [_Decided(lv, lv.winner) for lv in view.levels if lv.winner is not None]
    notes = [_peak(decided), _overlap(decided), _edges(decided), _left_out(view)]
    notes += [*silent_sentences(view.levels), _open_levels(view)]
    headline = _headline(view, decided)
    if decided and _count_decided(view) < view.spec.levels:
        headline = f"So far, {headline[0].lower()}{headline[1:]}"
    notes += [*accepted_changes(view.provenance), *view.status.machines.notes]
    return Finding(headline, tuple(note for note in notes if note))


def _headline(view: StudyView, decided: Sequence[_Decided]) -> str:
    if view.levels and view.levels[0].level == 0 and view.levels[0].silence:
        return "The dense network has no best max_lr, so it is not known whether max_lr rises."
    if not decided or decided[0].level.level != 0:
        return "The dense network's best max_lr is not decided yet, so it is not known whether max_lr rises."
    dense, last = decided[0], decided[-1]
    if dense is last:
        has = "has a best one" if _count_decided(view) > 1 else "is decided"
        return f"The dense network's best max_lr is {words.rate(dense.winner)}; no sparser level {has}."
    start, end = words.rate(dense.winner), words.rate(last.winner)
    if last.winner == dense.winner:
        return f"The best max_lr shows no rise: it is {start} both dense and at {last.place}."
    if last.winner < dense.winner:
        return f"The best max_lr shows no rise: it falls from {start} (dense) to {end} at {last.place}."
    ratio = last.winner / dense.winner
    times = f"{ratio:.{1 if ratio < 9.95 else 0}f} times"
    holding = [f"“{rule}”" for rule, interval in last.level.intervals.items() if _contains(interval, dense.winner)]
    if holding:
        return (
            f"The best max_lr goes from {start} (dense) to {end} at {last.place}, {times}, but {start} is still inside "
            f"the {words.listing(holding)} interval{'s' * (len(holding) > 1)} there: no clear rise."
        )
    return f"The best max_lr rises from {start} (dense) to {end} at {last.place}: {times}."


def _peak(decided: Sequence[_Decided]) -> str:
    if len(decided) < 3:
        return ""
    top = max(decided, key=lambda d: d.winner)
    if top.winner <= max(decided[0].winner, decided[-1].winner):
        return ""
    return f"In between, it is highest at {top.place}: {words.rate(top.winner)}."


def _overlap(decided: Sequence[_Decided]) -> str:
    """Say at how many of the sparser levels the dense winner is as good as the level's own winner."""
    if len(decided) < 2 or decided[0].level.level != 0:
        return ""
    dense, sparser = decided[0].winner, [d.level for d in decided[1:]]
    clauses = [
        f"inside the “{rule}” interval at {sum(_contains(i, dense) for i in judged)} of {len(judged)}"
        for rule in RULES
        if (judged := [lv.intervals[rule] for lv in sparser if lv.intervals[rule]])
    ]
    if not clauses:
        return "No interval could be judged at the sparser levels, so how much of this is noise is not known."
    return f"Of the sparser levels, the dense winner, {words.rate(dense)}, still lies {words.listing(clauses)}."


def _edges(decided: Sequence[_Decided]) -> str:
    edges = [str(d.level.level) for d in decided if d.level.edge]
    if not edges:
        return ""
    if len(edges) == 1:
        return f"At level {edges[0]} the winner is on the edge of its candidates: the best may lie beyond."
    return f"At levels {words.listing(edges)} the winners are on the edge of their candidates: the best may lie beyond."


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
