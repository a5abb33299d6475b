"""`scyc compare`: level schedules against a study's oracle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from oracle.cli.app import DEFAULT_DB, AsJson, DatabaseUrl, StudyName, app, err, out, print_json, say
from oracle.interval import TOLERANCE
from oracle.view import view_study
from scyc import InputError
from studies import Store

if TYPE_CHECKING:
    from oracle.comparison import Comparison
    from oracle.view import StudyView

Rule = Annotated[Literal["within", "paired"], typer.Option(help="Which interval of the oracle to judge by.")]


@app.command()
def compare(
    name: StudyName,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder for comparison.json, report.html and figures/.")
    ] = None,
    schedules: Annotated[
        str | None, typer.Option(metavar="NAME,NAME,...", help="Which schedules; all unless given.")
    ] = None,
    rule: Annotated[
        Literal["within", "paired"], typer.Option(help="Which interval of the oracle to judge by.")
    ] = "within",
    tolerance: Annotated[
        float, typer.Option(help="Margin of the within rule, as a fraction of accuracy.", min=1e-6, max=1.0)
    ] = TOLERANCE,
    db: DatabaseUrl = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """Compare level schedules with a study's oracle: the fit of S-Cyc, and a verdict on each.

    Losses are read off the oracle's surface, where every level starts from the oracle's own winner.
    """
    from oracle.comparison import compare_study, to_json

    wanted = [word.strip() for word in schedules.split(",")] if schedules is not None else []
    with Store.open(db, create=False) as store:
        comparison, view = compare_study(store, name, rule, tolerance, wanted), view_study(store, name)
    values = to_json(comparison)
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "comparison.json").write_text(json.dumps(values, allow_nan=False, indent=1), encoding="utf-8")
            _write_report(comparison, view, folder)
        except OSError as error:
            raise InputError(f"The folder {folder} cannot be written to ({error.strerror}); choose another.") from error
    if as_json:
        print_json(values)
        return
    out.print(_table(comparison))
    for schedule, verdict in comparison.verdicts.items():
        say(out, f"{schedule}: {verdict.sentence}")
    if comparison.fit is not None:
        say(out, f"\nFit: {values['fit']['python']}")
        for sentence in comparison.fit.sentences:
            say(out, sentence)


def _write_report(comparison: Comparison, view: StudyView, folder: Path) -> None:
    """Write the page, and its figures as files where there is a browser to draw them."""
    from oracle.report.comparison import panels, render
    from oracle.report.comparison.images import NoImagesError, write_images

    (folder / "report.html").write_text(render(comparison, view), encoding="utf-8")
    try:
        write_images(panels(comparison), folder / "figures")
    except NoImagesError as error:
        say(err, str(error))


def _table(comparison: Comparison) -> Table:
    table = Table(
        "schedule", "in the interval", "mean regret", "worst at level", "max_lr, first to last level", box=None
    )
    for column in table.columns[1:]:
        column.justify = "right"
    table.title = f"{comparison.study}: schedules against the oracle's “{comparison.rule}” interval"
    for name, verdict in comparison.verdicts.items():
        loss, worst = verdict.mean_regret, verdict.worst
        table.add_row(
            name,
            f"{verdict.hits} of {verdict.judged}",
            "-" if loss is None else f"{100 * loss:.2f} points" + "*" * bool(verdict.unknown),
            "-" if worst is None else str(worst),
            f"{verdict.levels[0].max_lr:.3g} – {verdict.levels[-1].max_lr:.3g}",
        )
    if any(verdict.unknown for verdict in comparison.verdicts.values()):
        table.caption = "* over the levels where the schedule is among the candidates"
    return table
