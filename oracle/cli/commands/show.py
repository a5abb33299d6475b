"""`scyc show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from oracle.cli.app import RESULTS, AsJson, DatabaseUrl, RuleName, StudyName, app
from oracle.cli.speaking import out, print_json, say
from oracle.results.intervals import DEFAULT_RULE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from oracle.api.study import Study
    from oracle.results.intervals import Interval
    from oracle.results.level_view import LevelView
    from oracle.results.study_view import StudyView


@app.command(rich_help_panel=RESULTS)
def show(
    name: StudyName,
    db: DatabaseUrl = None,
    rule: RuleName = DEFAULT_RULE,
    schedule: Annotated[
        str | None,
        typer.Option(
            help="Show a level schedule instead: `fitted`, or another that `scyc compare` lists.", show_default=False
        ),
    ] = None,
    python: Annotated[bool, typer.Option("--python", help="With --schedule: print the code that makes it.")] = False,
    answers: Annotated[
        bool,
        typer.Option("--answers", help="With --json: also which examples each trial's network classifies correctly."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a study's oracle curve and how well it is known, or a schedule to paste into a training loop."""
    from oracle.api.errors import InputError
    from oracle.api.study import Study
    from oracle.results.silence import silent_sentences, stuck_sentences
    from oracle.spec.search import RACING
    from oracle.study.fingerprints import accepted_changes

    study = Study(name, db)
    if schedule is not None:
        _show_schedule(study, schedule, rule, python=python, as_json=as_json)
        return
    if python:
        raise InputError("--python shows a schedule as code; choose one with --schedule.")
    if answers and not as_json:
        raise InputError("--answers is only for programs; add --json.")
    if as_json:
        print_json(study.to_json(answers=answers))
        return
    view = study.view()
    out.print(_table(view, rule))
    for sentence in _explained(view, rule):
        say(out, sentence)
    for sentence in silent_sentences(view.levels):
        say(out, sentence)
    if view.status.stuck:
        say(out, stuck_sentences(len(view.status.decided)))
    for sentence in [*accepted_changes(view.provenance), *view.status.machines.notes]:
        say(out, sentence)
    if view.status.partly_pruned:
        from oracle.report.words import DENSITIES

        say(out, f"{DENSITIES} {view.status.partly_pruned.sentence}")
    cost = view.cost
    early = f" and {cost.stopped} stopped early" if cost.stopped else ""
    if view.spec.search.method == RACING and (spending := study.spending()):
        say(out, str(spending))
    out.print(
        f"{cost.trials} trials{early}, {cost.epochs:.15g} {view.spec.trial.unit}, {cost.compute_seconds:.0f} s of "
        f"training in {cost.wall_seconds:.0f} s; the study is {view.state}."
    )


def _explained(view: StudyView, rule: str) -> Iterator[str]:
    """Say how to read the table."""
    from oracle.report import words
    from oracle.results.best import NOT_SHOWN

    if not view.best.levels:
        return
    if not view.best.shown:
        yield NOT_SHOWN
    yield f"{words.BEST} {words.how_known(view.spec.metric)}"
    if any(interval.gaps for level in view.levels if (interval := level.intervals[rule])):
        yield words.GAPS


def _show_schedule(study: Study, name: str, rule: str, *, python: bool, as_json: bool) -> None:
    from rich.table import Table

    from oracle.comparison import as_python

    comparison = study.compare([name], rule)
    code = as_python(comparison.schedules[name])
    if as_json:
        values = {level.level: level.max_lr for level in comparison.verdicts[name].levels}
        print_json({"schedule": name, "python": code, "max_lr": values})
    elif python:
        say(out, code)
    else:
        table = Table("level", "density", "max_lr", "oracle", box=None, title=f"{study.name}: {name}")
        for level, verdict in zip(comparison.levels, comparison.verdicts[name].levels, strict=True):
            table.add_row(str(level.level), f"{level.density:.2%}", f"{verdict.max_lr:.3g}", f"{level.winner:.3g}")
        out.print(table)


def _table(view: StudyView, rule: str = DEFAULT_RULE) -> Table:
    from rich.table import Table

    from oracle.report.words import best, known

    partly = view.status.partly_pruned
    densities = ("density", "network") if partly else ("density",)
    headings = ("level", *densities, "best (90 % band)", "known", "winner", rule, "val", "test", "trials")
    table = Table(*headings, box=None)
    for column in table.columns:
        column.justify, column.no_wrap = "right", True
    table.title = f"{view.name}: {view.spec.trained}"
    for level in view.levels:
        winning, found = level.winning, view.best.levels.get(level.level)
        table.add_row(
            str(level.level),
            f"{level.density:.2%}",
            *([f"{partly.network_density(level.density):.2%}"] if partly else []),
            best(found) if found else "",
            known(found, level.metric) if found else "",
            _winner(level),
            _range(level.intervals[rule]),
            level.metric.write(winning.val, space="") if winning else "",
            level.metric.write(winning.test, space="") if winning else "",
            str(sum(trial.state == "complete" for trial in level.trials)),
        )
    return table


def _winner(level: LevelView) -> str:
    if level.winner is None:
        return "none" if level.silence else "undecided"
    return f"{level.winner:.3g}{' edge' if level.edge else ''}"


def _range(interval: Interval | None) -> str:
    if interval is None:
        return "-"
    gaps = f" ({len(interval.gaps)} gap{'s' * (len(interval.gaps) != 1)})" if interval.gaps else ""
    low, high = "≤" * interval.low_open, "≥" * interval.high_open
    return f"{low}{interval.low:.3g} – {high}{interval.high:.3g}{gaps}"
