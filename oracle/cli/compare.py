"""`scyc compare`: level schedules against a study's oracle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from oracle.cli.app import DEFAULT_DB, AsJson, DatabaseUrl, StudyName, app, err, out, print_json, say
from oracle.report import words
from oracle.results.intervals import DEFAULT_RULE, RULES, TOLERANCE
from oracle.results.study_view import view_study
from oracle.study.opening import ORACLE
from scyc import InputError
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.comparison import Comparison
    from oracle.results.study_view import StudyView


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
        str, typer.Option(metavar="|".join(RULES), help="Which interval of the oracle to judge by.")
    ] = DEFAULT_RULE,
    tolerance: Annotated[
        float,
        typer.Option(
            min=1e-6,
            max=1.0,
            help=f"Margin of the rules that take one ({', '.join(name for name in RULES if RULES[name].tolerant)}), "
            "as a fraction of accuracy.",
        ),
    ] = TOLERANCE,
    db: DatabaseUrl = DEFAULT_DB,
    as_json: AsJson = False,
) -> None:
    """Compare level schedules with a study's oracle: the fit of S-Cyc, and a verdict on each.

    On the surface every level starts from the oracle's own winner; what `scyc run` has trained is measured, on the same
    seeds as the oracle's curve.
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
    for sentence in _sentences(comparison):
        say(out, sentence)


def _write_report(comparison: Comparison, view: StudyView, folder: Path) -> None:
    """Write the page, and its figures as files where there is a browser to draw them."""
    from oracle.report.comparison import plates, render
    from oracle.report.comparison.images import NoImagesError, write_images

    (folder / "report.html").write_text(render(comparison, view), encoding="utf-8")
    try:
        write_images(plates(comparison), folder / "figures")
    except NoImagesError as error:
        say(err, str(error))


def _table(comparison: Comparison) -> Table:
    headings = ("schedule", "in the interval", "on the surface", "trained (95 % interval)", "epochs", "max_lr")
    table = Table(*headings, box=None)
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    table.title = f"{comparison.study}: points of accuracy below the oracle, “{comparison.rule}” interval"
    for name in dict.fromkeys([*comparison.runs, *comparison.verdicts]):
        verdict, run = comparison.verdicts.get(name), comparison.runs.get(name)
        rates = [level.max_lr for level in verdict.levels] if verdict else []
        table.add_row(
            name,
            f"{verdict.hits} of {verdict.judged}" if verdict else words.NOTHING,
            words.points(verdict.mean_regret) + "*" * bool(verdict.unknown) if verdict else words.NOTHING,
            words.estimate(run.regret) if run else words.NOTHING,
            f"{run.epochs:,.0f}" if run else words.NOTHING,
            f"{rates[0]:.3g} – {rates[-1]:.3g}" if rates else words.NOTHING,
        )
    captions = []
    if any(verdict.unknown for verdict in comparison.verdicts.values()):
        captions.append("* over the levels where the schedule is among the candidates.")
    if comparison.search_epochs is not None:
        captions.append(f"Epochs per seed; the search took {comparison.search_epochs:,}.")
    table.caption = " ".join(captions)
    return table


def _sentences(comparison: Comparison) -> Iterator[str]:
    from oracle.comparison import as_python

    yield from comparison.notes
    for name in dict.fromkeys([*comparison.runs, *comparison.verdicts]):
        if name != ORACLE:
            known = (comparison.verdicts.get(name), comparison.runs.get(name))
            yield f"{name}: {' '.join(found.sentence for found in known if found is not None)}"
    if comparison.curse is not None:
        yield f"\nWinner's curse: {comparison.curse.sentence}"
    if comparison.fit is not None:
        yield f"\nFit: {as_python(comparison.fit.schedule)}"
        yield from comparison.fit.sentences
    if comparison.gradients is not None:
        yield "\nGradients:"
        yield from comparison.gradients.sentences
