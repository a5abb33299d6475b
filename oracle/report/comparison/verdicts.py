"""The claims of the page in tables: the verdicts, the winner's curse, and what the fit rests on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from oracle.comparison.modelled import percent
from oracle.report import words
from oracle.report.comparison import table
from oracle.report.comparison.accuracy import judged_on
from oracle.report.comparison.looks import looks
from oracle.report.comparison.table import Cell, Table
from oracle.results.intervals import RULES
from oracle.study.opening import ORACLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.comparison import Comparison, Fit, HeldOutError, Regret, Verdict
    from oracle.comparison.curse import WinnersCurse
    from oracle.comparison.trained import TrainedRun
    from oracle.spec.metric import MetricSpec


def cross_fitted(comparison: Comparison) -> str:
    """Return what the two losses on the surface are."""
    judged_on = "test" if comparison.levels and comparison.levels[0].test_scores else "validation"
    return (
        f"“Cross-fitted” means that each seed is judged by the winner that the other seeds choose, on the {judged_on} "
        "examples. The loss beside it is that against the winner on the very seeds and validation examples that chose "
        "it, which is too much."
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
        f"“By the model” is the loss in validation {comparison.metric.name} against the best max_lr of each level on "
        "one smooth surface over log max_lr and level, which the oracle's winners miss too. Its band holds for "
        f"{over}."
    )
    if RULES[comparison.rule].modelled:
        text += " The expected number of levels is the sum of the probabilities of each level by itself."
    return [text]


def intervals(regrets: Sequence[Regret], split: str = "test") -> str:
    """Return what the intervals of the regrets in training hold for."""
    with_examples = sum(regret.sampling is not None for regret in regrets)
    over = (
        f"other seeds and other {split} examples"
        if with_examples == len(regrets)
        else f"other seeds, but not for other {split} examples, because it is not on record how each was answered"
        if not with_examples
        else f"other seeds, and for other {split} examples where it is on record how each was answered"
    )
    return (
        f"The intervals hold for {over}; schedules that scatter alike share what is known of their spread. Each "
        f"interval is taken alone; {words.TOGETHER} marks a difference that is also one when all schedules are "
        "judged together (Holm)."
    )


def verdicts(comparison: Comparison) -> Table:
    """Return the table of verdicts, one row per schedule, emphasised ones first."""
    rows, metric = [], comparison.metric
    for name in looks(comparison):
        verdict, run = comparison.verdicts.get(name), comparison.runs.get(name)
        if verdict is not None or run is not None:
            if name == ORACLE:
                surface, trained = (*_hit_and_missed(comparison, verdict), *_REFERENCE), _reference(run, metric)
            else:
                surface, trained = (
                    (*_hit_and_missed(comparison, verdict), *_lost(verdict, metric)),
                    _trained(run, metric),
                )
            rows.append((Cell(name), *surface, _modelled(verdict, metric), *trained))
    lost = words.headed(metric.lost)
    columns = (
        "Schedule",
        *_headings(comparison),
        f"{lost} on the surface, cross-fitted",
        "Flattering the oracle",
        "By the model (90 % band)",
        f"{lost} when trained (95 % interval)",
        f"{words.headed(comparison.unit)} per seed",
        "Seeds",
    )
    return Table("Every schedule against the oracle", columns, tuple(rows))


def reading(comparison: Comparison) -> str:
    """Return how to read the table of verdicts."""
    definition = RULES[comparison.rule].defined(comparison.tolerance, comparison.metric)
    text = (
        f"The interval is the “{comparison.rule}” one: {definition}. The papers do not define it; the rule is this "
        "project's own. A factor above 1 means that max_lr is too high, one below 1 that it is too low. On the "
        "surface, every level starts from the oracle's own winner. "
        "A trained schedule starts each level from its own level before; it is compared with the oracle's curve "
        "trained on the same seeds, over all levels but the dense one."
    )
    text = " ".join([text, cross_fitted(comparison), *by_model(comparison)])
    told = [run.regret for name, run in comparison.runs.items() if name != ORACLE and run.regret is not None]
    if told:
        text += f" {intervals(told, judged_on(comparison))}"
    if any(verdict.unknown for verdict in comparison.verdicts.values()):
        text += " An asterisk marks a mean over only those levels where the schedule is within the candidates' range."
    return text


def curse_table(curse: WinnersCurse, metric: MetricSpec) -> Table:
    """Return the winner's curse level by level."""
    rows = tuple(
        (
            table.whole(level.level),
            table.density(level.density),
            table.score(level.chosen, metric),
            table.score(level.held_out, metric),
            table.loss(level.lead, metric),
            table.loss(level.test_lead, metric),
            table.score(level.test, metric),
            table.score(level.fresh, metric),
        )
        for level in curse.levels
    )
    columns = (
        "Level",
        "Density",
        f"Validation {metric.name} on the seeds that chose it",
        "each seed judged by the others' choice",
        f"Lead over the neighbours in {metric.unit}, on validation",
        "on test",
        f"Test {metric.name} on the seeds that chose it",
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


def _lost(verdict: Verdict | None, metric: MetricSpec) -> tuple[Cell, Cell]:
    """Return what a schedule loses on the surface: cross-fitted, and raw."""
    if verdict is None:
        return (Cell(words.NOTHING),) * 2
    partly = "*" * bool(verdict.unknown)
    fair, raw = (
        Cell(words.loss(lost, metric) + partly, lost) for lost in (verdict.mean_regret, verdict.mean_raw_regret)
    )
    return fair, raw


def _modelled(verdict: Verdict | None, metric: MetricSpec) -> Cell:
    if verdict is None or verdict.model is None:
        return Cell(words.NOTHING)
    regret = verdict.model.regret
    return Cell(words.credible(regret, metric) + "*" * bool(verdict.unknown), regret.mean)


def _factor(off: float) -> str:
    return f"{off:.2f}" if off >= 0.1 else f"{off:.2g}"


def _trained(run: TrainedRun | None, metric: MetricSpec) -> tuple[Cell, Cell, Cell]:
    if run is None:
        return Cell("not trained"), Cell(words.NOTHING), Cell(words.NOTHING)
    fresh = "fresh" if run.fresh else "not all fresh"
    return (
        Cell(words.regret(run.regret, metric), run.regret.mean if run.regret else None),
        table.whole(run.epochs),
        Cell(f"{len(run.seeds)}, {fresh}", len(run.seeds)),
    )


def _reference(run: TrainedRun | None, metric: MetricSpec) -> tuple[Cell, Cell, Cell]:
    """Return the entries for the oracle's own curve, trained again."""
    _, epochs, seeds = trained = _trained(run, metric)
    return trained if run is None else (Cell("the reference"), epochs, seeds)


def _error(error: HeldOutError | None) -> tuple[Cell, Cell]:
    if error is None:
        return Cell(words.NOTHING), Cell(words.NOTHING)
    return Cell(words.rate(error.rms), error.rms), Cell(error.verdict or words.NOTHING)
