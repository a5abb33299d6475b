"""A study as a notebook shows it: how far it is, and its oracle curve as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import escape

from oracle.report import words

if TYPE_CHECKING:
    from oracle.results.study_view import StudyView


def study_html(view: StudyView) -> str:
    """Return a study as a fragment of HTML, with all text escaped."""
    status = view.status
    head = f"<b>{escape(view.name)}</b> · {escape(view.spec.trained)} · {escape(status.state)}"
    progress = f"{len(status.decided)} of {words.count(status.levels, 'level')} decided, {status.ended:,} trials done"
    if status.stopped:
        progress += f", {status.stopped:,} of them stopped early"
    if status.failed:
        progress += f", {status.failed:,} failed"
    partly = view.status.partly_pruned
    rules = list(view.levels[0].intervals) if view.levels else []
    headings = "".join(
        f"<th>{escape(word)}</th>"
        for word in (
            *("level", "density", *(["network"] if partly else [])),
            *("best max_lr (90 % band)", "known", "winner", *rules, "val", "test"),
        )
    )
    rows = []
    for level in view.levels:
        winning, best = level.winning, view.best.levels.get(level.level)
        cells = [
            str(level.level),
            words.density(level.density),
            *([words.density(partly.network_density(level.density))] if partly else []),
            words.best(best),
            words.known(best, level.metric),
            words.winner(level),
            *(words.interval(level.intervals[rule]) for rule in rules),
            level.metric.write(winning.val if winning else None),
            level.metric.write(winning.test if winning else None),
        ]
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    table = f"<table><thead><tr>{headings}</tr></thead><tbody>{''.join(rows)}</tbody></table>" if rows else ""
    said = [f"{words.DENSITIES} {partly.sentence}"] if partly and rows else []
    said += [f"{words.BEST} {words.how_known(view.spec.metric)}"] if view.best.levels else []
    below = "".join(f"<p>{escape(sentence)}</p>" for sentence in said)
    return f"<div><p>{head}<br>{escape(progress)}</p>{table}{below}</div>"
