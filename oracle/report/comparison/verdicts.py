"""The claims of the page in tables: the verdicts, the winner's curse, and what the fit rests on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from oracle.comparison.modelled import percent
from oracle.report import words
from oracle.report.comparison import table
from oracle.report.comparison.looks import looks
from oracle.report.comparison.table import Cell, Table
from oracle.results.intervals import RULES
from oracle.study.opening import ORACLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.comparison import Comparison, Fit, HeldOutError, Regret, Verdict
    from oracle.comparison.curse import WinnersCurse
    from oracle.comparison.trained import TrainedRun


CROSS_FITTED = (
    "“Cross-fitted” means that each seed is judged by the winner that the other seeds choose, on the test examples. "
    "The loss beside it is that against the winner on the very seeds and validation examples that chose it, "
    "which is too much."
)

_REFERENCE = (Cell("the reference"),) * 2


def by_model(comparison: Comparison) -> list[str]:
    """Return what the regret by the model is, and what its band holds for; nothing if the model has judged nothing."""
    told = next((verdict.model for verdict in comparison.verdicts.values() if verdict.model), None)
    if told is None:
        return []
    over = (
        "other seeds and other validation examples"
        if told.examples
        else ("other seeds, but not for other validation examples, because it is not on record how each was answered")
    )
    text = (
        "“By the model” is the loss in validation accuracy against the best max_lr of each level on one smooth surface "
        f"over log max_lr and level, which the oracle's winners miss too. Its band holds for {over}."
    )
    if RULES[comparison.rule].modelled:
        text += " The expected number of levels is the sum of the probabilities of each level by itself."
    return [text]


def intervals(regrets: Sequence[Regret]) -> str:
    """Return what the intervals of the regrets in training hold for."""
    with_examples = sum(regret.sampling is not None for regret in regrets)
    over = (
        "other seeds and other test examples"
        if with_examples == len(regrets)
        else "other seeds, but not for other test examples, because it is not on record how each was answered"
        if not with_examples
        else "other seeds, and for other test examples where it is on record how each was answered"
    )
    return (
        f"The intervals hold for {over}; schedules that scatter alike share what is known of their spread. Each "
        f"interval is taken alone; {words.TOGETHER} marks a difference that is also one when all schedules are "
        "judged together (Holm)."
    )


def verdicts(comparison: Comparison) -> Table:
    """Return the table of verdicts, one row per schedule, emphasised ones first."""
    rows = []
    for name in looks(comparison):
        verdict, run = comparison.verdicts.get(name), comparison.runs.get(name)
        if verdict is not None or run is not None:
            if name == ORACLE:
                surface, trained = (*_hit_and_missed(comparison, verdict), *_REFERENCE), _reference(run)
            else:
                surface, trained = (*_hit_and_missed(comparison, verdict), *_lost(verdict)), _trained(run)
            rows.append((Cell(name), *surface, _modelled(verdict), *trained))
    columns = (
        "Schedule",
        *_headings(comparison),
        "Points lost on the surface, cross-fitted",
        "Flattering the oracle",
        "By the model (90 % band)",
        "Points lost when trained (95 % interval)",
        f"{comparison.unit.capitalize()} per seed",
        "Seeds",
    )
    return Table("Every schedule against the oracle", columns, tuple(rows))


def reading(comparison: Comparison) -> str:
    """Return how to read the table of verdicts."""
    definition = RULES[comparison.rule].defined(comparison.tolerance)
    text = (
        f"The interval is the “{comparison.rule}” one: {definition}. The papers do not define it; the rule is this "
        "project's own. A factor above 1 means that max_lr is too high, one below 1 that it is too low. On the "
        "surface, every level starts from the oracle's own winner. "
        "A trained schedule starts each level from its own level before; it is compared with the oracle's curve "
        "trained on the same seeds, over all levels but the dense one."
    )
    text = " ".join([text, CROSS_FITTED, *by_model(comparison)])
    told = [run.regret for name, run in comparison.runs.items() if name != ORACLE and run.regret is not None]
    if told:
        text += f" {intervals(told)}"
    if any(verdict.unknown for verdict in comparison.verdicts.values()):
        text += " An asterisk marks a mean over only those levels where the schedule is within the candidates' range."
    return text


def curse_table(curse: WinnersCurse) -> Table:
    """Return the winner's curse level by level."""
    rows = tuple(
        (
            table.whole(level.level),
            table.density(level.density),
            table.accuracy(level.chosen),
            table.accuracy(level.held_out),
            table.points(level.lead),
            table.points(level.test_lead),
            table.accuracy(level.test),
            table.accuracy(level.fresh),
        )
        for level in curse.levels
    )
    columns = (
        "Level",
        "Density",
        "Validation accuracy on the seeds that chose it",
        "each seed judged by the others' choice",
        "Lead over the neighbours in points, on validation",
        "on test",
        "Test accuracy on the seeds that chose it",
        "on fresh seeds",
    )
    return Table("The oracle's winners where they were chosen, and elsewhere", columns, rows)


def fit_tables(fit: Fit) -> list[Table]:
    """Return the table of the parameters with their errors, and that of S-Cyc and its rivals."""
    parameters = []
    for name, value in asdict(fit.schedule).items():
        low, high = fit.errors.get(name, (None, None))
        known = {True: "yes", False: "no"}[fit.identified[name]] if name in fit.identified else "given"
        parameters.append((Cell(name), table.rate(value), table.rate(low), table.rate(high), Cell(known)))
    columns = ("Parameter", "Value", "95 % from", "to", "Determined by the levels")
    rows = tuple(
        (Cell(row.family), table.plain(row.misfit), table.percent(row.weight), *_error(row.error))
        for row in fit.held_out
    )
    headings = ("Family", "Misfit", "How probable", "RMS at held-out levels", "next to S-Cyc")
    return [
        Table("The fitted parameters", columns, tuple(parameters)),
        Table("S-Cyc and its rivals: squared misfit, how probable, log distance at held-out levels", headings, rows),
    ]


def hits(comparison: Comparison, verdict: Verdict | None) -> Cell:
    """Return at how many levels a schedule is as good as the best: expected by the model, or in the interval."""
    if verdict is None:
        return Cell(words.NOTHING)
    if not RULES[comparison.rule].modelled:
        return Cell(f"{verdict.hits} of {verdict.judged}", verdict.hits)
    model = verdict.model
    return Cell(f"{model.hits:.1f} of {model.levels}", model.hits) if model else Cell(words.NOTHING)


def _headings(comparison: Comparison) -> tuple[str, str]:
    if RULES[comparison.rule].modelled:
        return (
            f"Levels {words.near_best(comparison)} of the best, expected",
            "Levels where that is improbable (below 50\u202f%), by what factor",
        )
    return "In the interval", "Missed levels, by what factor"


def _hit_and_missed(comparison: Comparison, verdict: Verdict | None) -> tuple[Cell, Cell]:
    if verdict is None:
        return (Cell(words.NOTHING),) * 2
    if RULES[comparison.rule].modelled:
        missed = [
            f"{level.level}\u202f({percent(level.probability)}, ×{_factor(level.off or 1)})"
            for level in verdict.levels
            if level.probability is not None and level.probability < 0.5
        ]
    else:
        missed = [
            f"{level.level}\u202f(×{_factor(level.off)})"
            for level in verdict.levels
            if level.inside is False and level.off is not None
        ]
    return hits(comparison, verdict), Cell(", ".join(missed) or "none")


def _lost(verdict: Verdict | None) -> tuple[Cell, Cell]:
    """Return what a schedule loses on the surface: cross-fitted, and raw."""
    if verdict is None:
        return (Cell(words.NOTHING),) * 2
    partly = "*" * bool(verdict.unknown)
    fair, raw = (Cell(words.points(lost) + partly, lost) for lost in (verdict.mean_regret, verdict.mean_raw_regret))
    return fair, raw


def _modelled(verdict: Verdict | None) -> Cell:
    if verdict is None or verdict.model is None:
        return Cell(words.NOTHING)
    regret = verdict.model.regret
    return Cell(words.credible(regret) + "*" * bool(verdict.unknown), regret.mean)


def _factor(off: float) -> str:
    return f"{off:.2f}" if off >= 0.1 else f"{off:.2g}"


def _trained(run: TrainedRun | None) -> tuple[Cell, Cell, Cell]:
    if run is None:
        return Cell("not trained"), Cell(words.NOTHING), Cell(words.NOTHING)
    fresh = "fresh" if run.fresh else "not all fresh"
    return (
        Cell(words.regret(run.regret), run.regret.mean if run.regret else None),
        table.whole(run.epochs),
        Cell(f"{len(run.seeds)}, {fresh}", len(run.seeds)),
    )


def _reference(run: TrainedRun | None) -> tuple[Cell, Cell, Cell]:
    """Return the entries for the oracle's own curve, trained again."""
    _, epochs, seeds = trained = _trained(run)
    return trained if run is None else (Cell("the reference"), epochs, seeds)


def _error(error: HeldOutError | None) -> tuple[Cell, Cell]:
    if error is None:
        return Cell(words.NOTHING), Cell(words.NOTHING)
    return Cell(words.rate(error.rms), error.rms), Cell(error.verdict or words.NOTHING)
