"""`scyc compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oracle.cli.app import SCHEDULES, AsJson, DatabaseUrl, RuleName, StudyName, app
from oracle.cli.speaking import err, out, print_json, say
from oracle.results.intervals import DEFAULT_RULE, RULES

if TYPE_CHECKING:
    from rich.table import Table

    from oracle.comparison import Comparison, Verdict
    from oracle.spec.metric import MetricSpec


@app.command(rich_help_panel=SCHEDULES)
def compare(
    name: StudyName,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="Folder for comparison.json, report.html and figures/. Default: no files are written.",
            show_default=False,
        ),
    ] = None,
    schedules: Annotated[
        str | None,
        typer.Option(metavar="NAME,NAME,...", help="Schedules to compare. Default: all.", show_default=False),
    ] = None,
    rule: RuleName = DEFAULT_RULE,
    tolerance: Annotated[
        float | None,
        typer.Option(
            min=1e-12,
            help="How much worse a schedule may be to count as good, in the metric's own units (accuracy: a fraction). "
            "Default: the metric's. Used by the model, and by the rules with a tolerance: "
            f"{', '.join(name for name in RULES if RULES[name].tolerant)}.",
        ),
    ] = None,
    db: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Compare level schedules with a study's oracle: fit S-Cyc to it, and judge every schedule.

    On the oracle's surface, every level starts from the oracle's own winner. Schedules that `scyc run` trained are also
    judged by what they reach, beside the oracle's curve on the same seeds.
    """
    from oracle.api.study import Study
    from oracle.api.writing import write_comparison
    from oracle.comparison import to_json

    study = Study(name, db)
    wanted = [word.strip() for word in schedules.split(",")] if schedules is not None else []
    comparison = study.compare(wanted, rule, tolerance)
    if folder is not None and (no_images := write_comparison(comparison, study.view(), folder)):
        say(err, no_images)
    if as_json:
        print_json(to_json(comparison))
        return
    out.print(_table(comparison))
    for sentence in comparison.sentences():
        say(out, sentence)


def _table(comparison: Comparison) -> Table:
    from rich.table import Table

    from oracle.report import words
    from oracle.report.comparison.accuracy import judged_on
    from oracle.report.comparison.verdicts import by_model, cross_fitted, hits, intervals
    from oracle.study.opening import ORACLE

    table = Table(
        "schedule",
        words.near_best(comparison) if RULES[comparison.rule].modelled else "in the interval",
        "cross-fitted (raw)",
        "by the model (90 % band)",
        "trained (95 % interval)",
        comparison.unit,
        "max_lr",
        box=None,
    )
    for column in table.columns[1:]:
        column.justify = "right"
    table.columns[0].no_wrap = True  # a narrow terminal breaks numbers over two lines, but drops no column
    metric = comparison.metric
    of = f"points of {metric.name}" if metric.format == "percent" else metric.name
    table.title = f"{comparison.study}: {of} {metric.below} the oracle, “{comparison.rule}” interval"
    for name in dict.fromkeys([*comparison.runs, *comparison.verdicts]):
        verdict, run = comparison.verdicts.get(name), comparison.runs.get(name)
        rates = [level.max_lr for level in verdict.levels] if verdict else []
        table.add_row(
            name,
            hits(comparison, verdict).text,
            _surface(verdict, name, metric),
            words.credible(verdict.model.regret if verdict and verdict.model else None, metric),
            words.regret(run.regret, metric) if run else words.NOTHING,
            f"{run.epochs:,.0f}" if run else words.NOTHING,
            f"{rates[0]:.3g} – {rates[-1]:.3g}" if rates else words.NOTHING,
        )
    captions = [cross_fitted(comparison)] if comparison.levels[0].seeds > 1 else []
    captions += by_model(comparison)
    if any(verdict.unknown for verdict in comparison.verdicts.values()):
        captions.append("* Mean over those levels where the schedule is within the range of the candidates.")
    told = [run.regret for name, run in comparison.runs.items() if name != ORACLE and run.regret is not None]
    if told:
        captions.append(intervals(told, judged_on(comparison)))
    if comparison.search_epochs is not None:
        captions.append(f"{words.headed(comparison.unit)} per seed; the search took {comparison.search_epochs:,}.")
    table.caption = " ".join(captions)
    return table


def _surface(verdict: Verdict | None, name: str, metric: MetricSpec) -> str:
    """Return what a schedule loses on the surface, cross-fitted, and raw in brackets."""
    from oracle.report import words
    from oracle.study.opening import ORACLE

    if verdict is None or name == ORACLE:
        return words.NOTHING if verdict is None else "the reference"
    known = f"{words.loss(verdict.mean_regret, metric)} ({words.loss(verdict.mean_raw_regret, metric)})"
    return known + "*" * bool(verdict.unknown)
