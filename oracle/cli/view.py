"""`scyc show`, `report`, `spec` and `doctor`: look, without changing anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from oracle.cli.app import DEFAULT_DB, FAILED, AsJson, DatabaseUrl, StudyName, app, out, print_json, say
from oracle.results.intervals import RULES
from oracle.results.study_view import to_json, view_study
from oracle.spec.files import spec_template
from scyc import InputError
from studies import Store

if TYPE_CHECKING:
    from oracle.results.intervals import Interval
    from oracle.results.study_view import StudyView


@app.command()
def show(
    name: StudyName,
    db: DatabaseUrl = DEFAULT_DB,
    schedule: Annotated[
        str | None, typer.Option(help="Show a level schedule instead: fitted, or another that `scyc compare` lists.")
    ] = None,
    python: Annotated[bool, typer.Option("--python", help="With --schedule: the line of code that makes it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a study's oracle curve with its intervals, or a schedule to paste into a training loop."""
    with Store.open(db, create=False) as store:
        view = view_study(store, name)
    if schedule is not None:
        _show_schedule(view, schedule, python=python, as_json=as_json)
        return
    if python:
        raise InputError("--python shows a schedule as code; say which one with --schedule.")
    if as_json:
        print_json(to_json(view))
        return
    out.print(_table(view))
    cost = view.cost
    out.print(
        f"{cost.trials} trials, {cost.epochs} epochs, {cost.compute_seconds:.0f} s of training in "
        f"{cost.wall_seconds:.0f} s; the study is {view.state}."
    )


@app.command()
def report(
    name: StudyName,
    path: Annotated[Path, typer.Option("--out", help="Where to write the page.")] = Path("report.html"),
    db: DatabaseUrl = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """Write a study's report, one HTML page that needs no network."""
    from oracle.report import write

    with Store.open(db, create=False) as store:
        view = view_study(store, name)
    write(view, path)
    if as_json:
        print_json({"study": name, "report": str(path.resolve())})
    else:
        say(out, f"The report is at {path.resolve()}")


@app.command()
def spec() -> None:
    """Print the embedded default spec as TOML, every field explained: a file to start from."""
    typer.echo(spec_template(), nl=False)


@app.command()
def doctor(db: DatabaseUrl = DEFAULT_DB, as_json: AsJson = False) -> None:
    """Check what a sweep needs: packages, processors, data sets, the database."""
    from oracle.cli.checks import examine

    findings = examine(db)
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        table = Table("", "", "", box=None, show_header=False)
        for finding in findings:
            mark = {"ok": "[green]ok[/green]", "note": "[yellow]--[/yellow]", "fault": "[red]no[/red]"}[finding.verdict]
            table.add_row(mark, finding.subject, finding.detail)
        out.print(table)
    if any(finding.verdict == "fault" for finding in findings):
        raise typer.Exit(FAILED)


def _show_schedule(view: StudyView, name: str, *, python: bool, as_json: bool) -> None:
    from oracle.comparison import as_python, compare

    comparison = compare(view, names=[name])
    code = as_python(comparison.schedules[name])
    if as_json:
        values = {level.level: level.max_lr for level in comparison.verdicts[name].levels}
        print_json({"schedule": name, "python": code, "max_lr": values})
    elif python:
        say(out, code)
    else:
        table = Table("level", "density", "max_lr", "oracle", box=None, title=f"{view.name}: {name}")
        for level, verdict in zip(comparison.levels, comparison.verdicts[name].levels, strict=True):
            table.add_row(str(level.level), f"{level.density:.2%}", f"{verdict.max_lr:.3g}", f"{level.winner:.3g}")
        out.print(table)


def _table(view: StudyView) -> Table:
    table = Table("level", "density", "best max_lr", *RULES, "val", "test", "trials", box=None)
    for column in table.columns:
        column.justify, column.no_wrap = "right", True
    table.title = f"{view.name}: {view.spec.workload}"
    for level in view.levels:
        winning = level.winning
        table.add_row(
            str(level.level),
            f"{level.density:.2%}",
            f"{level.winner:.3g}{' edge' if level.edge else ''}" if level.winner is not None else "undecided",
            *(_range(interval) for interval in level.intervals.values()),
            f"{winning.val_accuracy:.1%}" if winning else "",
            f"{winning.test_accuracy:.1%}" if winning else "",
            str(sum(trial.state == "complete" for trial in level.trials)),
        )
    return table


def _range(interval: Interval | None) -> str:
    if interval is None:
        return "-"
    return (
        f"{'≤' if interval.low_open else ''}{interval.low:.3g} – {'≥' if interval.high_open else ''}{interval.high:.3g}"
    )
