"""A study's oracle against level schedules: the fit, the verdicts, and what training them has shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.comparison.contenders import contenders, on_surface, pick
from oracle.comparison.curse import winners_curse
from oracle.comparison.decided import chosen_path, oracle_levels, replayed_oracle
from oracle.comparison.fit import FEWEST_LEVELS, fit_scyc
from oracle.comparison.gradients import find_narrowing, gradient_scaled
from oracle.comparison.plain import as_python
from oracle.comparison.trained import judge_runs
from oracle.comparison.verdict import judge
from oracle.results.answers import path_answers
from oracle.results.intervals import DEFAULT_RULE, RULES
from oracle.results.run_view import view_runs, view_stds
from oracle.results.silence import silent_sentences
from oracle.results.study_view import view_study
from oracle.spec.metric import ACCURACY, MetricSpec
from oracle.study.checking import explained
from oracle.study.commands import DATABASE, command
from oracle.study.opening import ORACLE
from oracle.surface import fit_surface
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from oracle.comparison.curse import WinnersCurse
    from oracle.comparison.fit import Fit
    from oracle.comparison.gradients import GradientFinding
    from oracle.comparison.levels import OracleLevel
    from oracle.comparison.trained import Answers, TrainedRun
    from oracle.comparison.verdict import Verdict
    from oracle.results.intervals import Rule
    from oracle.results.run_view import RunView
    from oracle.results.study_view import StudyView
    from oracle.surface import Surface
    from scyc import LevelSchedule, Policy
    from studies import Store

GRADIENT_SCALED = "gradient-scaled"


@dataclass(frozen=True)
class Comparison:
    """A study's oracle against level schedules.

    Attributes:
        study: its name.
        rule: name of the interval's rule.
        tolerance: margin of a rule that takes one, and what the model of the surface counts as a hit, a fraction of
            accuracy.
        p: fraction of the remaining weights pruned per level.
        levels: the oracle's decided levels that have a winner.
        fit: of S-Cyc; None with too few levels.
        schedules: by name.
        verdicts: by the same names.
        runs: schedules trained for real, by name; the replayed oracle is "oracle".
        curse: the winner's curse; None if it was not computed.
        search_epochs: epochs per seed that the oracle search spent; None if that is not known.
        level_epochs: epochs of one training at one level; None if that is not known.
        unit: what costs are counted in, if not in epochs.
        gradients: what the gradients' spread says about the oracle curve; None if gradients were not recorded.
        notes: what else a reader must know, in full sentences.
        database: URL of the database, without password.
    """

    study: str
    rule: str
    tolerance: float
    p: float
    levels: tuple[OracleLevel, ...]
    fit: Fit | None
    schedules: Mapping[str, LevelSchedule]
    verdicts: Mapping[str, Verdict]
    runs: Mapping[str, TrainedRun] = field(default_factory=dict)
    curse: WinnersCurse | None = None
    search_epochs: int | None = None
    level_epochs: int | None = None
    unit: str = "epochs"
    gradients: GradientFinding | None = None
    metric: MetricSpec = ACCURACY
    notes: tuple[str, ...] = ()
    database: str = DATABASE

    def sentences(self) -> Iterator[str]:
        """Yield what the comparison says, in full sentences; a line break begins another subject."""
        yield from self.notes
        for name in dict.fromkeys([*self.runs, *self.verdicts]):
            if name != ORACLE:
                known = (self.verdicts.get(name), self.runs.get(name))
                yield f"{name}: {' '.join(found.sentence for found in known if found is not None)}"
        if self.curse is not None:
            yield f"\nWinner's curse: {self.curse.sentence}"
        if self.fit is not None:
            yield f"\nFit: {as_python(self.fit.schedule)}"
            yield from self.fit.sentences
        if self.gradients is not None:
            yield "\nGradients:"
            yield from self.gradients.sentences

    def __str__(self) -> str:
        return "\n".join(self.sentences())


def compare_study(
    store: Store, name: str, rule: str = DEFAULT_RULE, tolerance: float | None = None, names: Sequence[str] = ()
) -> Comparison:
    """Compare a study in the database with level schedules; see `compare`.

    Raises:
        StudyNotFound: there is no such study.
        InputError: no level is decided, or a schedule or the rule is not known.
    """
    view, study = view_study(store, name), store.study(name)
    with explained(store, name):
        runs = view_runs(store, study)
        answers = {name: path_answers(store, run) for name, run in runs.items()}
        return compare(view, rule, tolerance, names, runs, view_stds(store, study, view), answers)


def compare(
    view: StudyView,
    rule: str = DEFAULT_RULE,
    tolerance: float | None = None,
    names: Sequence[str] = (),
    runs: Mapping[str, RunView] | None = None,
    stds: Mapping[str, Sequence[Sequence[float]]] | None = None,
    answers: Mapping[str, Answers] | None = None,
) -> Comparison:
    """Compare a study's decided levels with level schedules.

    Args:
        view: the study.
        rule: which interval decides whether a schedule is as good as the oracle, a name in `RULES`.
        tolerance: margin of a rule that takes one, and what the model of the surface counts as a hit, in the metric's
            own units, > 0. Default: the metric's.
        names: names of the schedules. Default: all.
        runs: schedules that were trained for real, by name.
        stds: spread of the winners' weight gradients, by point of the training, level and seed.
        answers: which test examples the networks of the runs classify correctly, by name and seed.

    Raises:
        InputError: no level is decided, or a schedule or the rule is not known.
    """
    judge_by, spec, runs = _rule(rule), view.spec, runs or {}
    tolerance = spec.metric.tolerance if tolerance is None else tolerance
    levels = oracle_levels(view, judge_by, tolerance)
    fit = fit_scyc(levels, spec.pruning.rate) if len(levels) >= FEWEST_LEVELS else None
    surface = fit_surface(levels) if levels else None
    schedules = _schedules(view, levels, fit, surface, names, runs, stds)
    silent = frozenset(level.level for level in view.levels if level.silence)
    replayed, notes = replayed_oracle(view, runs.get(ORACLE))
    search_epochs = view.cost.epochs / len(spec.seeds)
    # Schedules learn their spreads from each other, so all are judged, wanted or not.
    trained = judge_runs(runs, replayed, spec.seeds, search_epochs, silent, answers, spec.metric, spec.trial.unit)
    return Comparison(
        study=view.name,
        rule=rule,
        tolerance=tolerance,
        p=spec.pruning.rate,
        levels=levels,
        fit=fit,
        schedules=schedules,
        verdicts={
            name: judge(schedule, levels, surface, tolerance, probable=judge_by.modelled, metric=spec.metric)
            for name, schedule in schedules.items()
        },
        runs={name: run for name, run in trained.items() if not names or name in names},
        curse=winners_curse(levels, replayed, spec.seeds, spec.metric),
        search_epochs=round(search_epochs),
        database=view.database,
        level_epochs=spec.length,
        unit=spec.trial.unit,
        gradients=find_narrowing(levels, stds) if stds else None,
        metric=spec.metric,
        notes=(
            *notes,
            *_other_rates(schedules, spec.pruning.rate),
            *silent_sentences(view.levels),
            *_undecided(len(chosen_path(view)), spec.levels),
        ),
    )


def fit_study(store: Store, name: str) -> Fit:
    """Fit S-Cyc to the decided levels of a study in the database; see `fit_scyc`.

    Raises:
        StudyNotFound: there is no such study.
        InputError: too few levels are decided.
    """
    view = view_study(store, name)
    with explained(store, name):
        return fit_scyc(oracle_levels(view, RULES[DEFAULT_RULE], view.spec.metric.tolerance), view.spec.pruning.rate)


def study_contenders(store: Store, name: str) -> dict[str, Policy]:
    """Return, by name, the policies that a study's runs can be trained with.

    Raises:
        StudyNotFound: there is no such study.
        InputError: its oracle is not finished.
    """
    view = view_study(store, name)
    spec = view.spec
    rule = RULES[DEFAULT_RULE]
    levels = oracle_levels(view, rule, spec.metric.tolerance)
    if len(chosen := chosen_path(view)) < spec.levels:
        raise InputError(
            f"The oracle of {name!r} has decided {len(chosen)} of {spec.levels} levels, and schedules can be trained "
            "only once it has decided all of them; resume it with "
            f"`{command('resume', name, db=store.url)}`."
        )
    fit = fit_scyc(levels, spec.pruning.rate, refits=1) if len(levels) >= FEWEST_LEVELS else None
    return contenders(levels, spec, fit.schedule if fit else None, chosen, fit_surface(levels))


def _schedules(
    view: StudyView,
    levels: Sequence[OracleLevel],
    fit: Fit | None,
    surface: Surface | None,
    names: Sequence[str],
    runs: Mapping[str, RunView],
    stds: Mapping[str, Sequence[Sequence[float]]] | None,
) -> dict[str, LevelSchedule]:
    """Return those of the wanted schedules that the oracle's surface can judge."""
    policies = contenders(levels, view.spec, fit.schedule if fit else None, chosen_path(view), surface)
    found: dict[str, LevelSchedule] = {}
    for name in names or dict.fromkeys([*policies, *runs]):
        policy = runs[name].policy if name in runs and name != ORACLE else pick(policies, name)
        schedule = on_surface(policy)
        if name == GRADIENT_SCALED and stds and stds.get("start"):
            largest = max(max_lr for level in levels for max_lr in level.scores)
            schedule = gradient_scaled(levels, stds["start"], largest)
        if schedule is not None and _covers(schedule, levels[-1].level):
            found[name] = schedule
        elif names and name not in runs:
            raise InputError(
                f"The schedule {name!r} differs from the study in more than max_lr, or measures the network first, so "
                "the oracle's surface cannot judge it; train it with "
                f"`{command('run', view.name, '--schedule', name, db=view.database)}`."
            )
    return found


def _other_rates(schedules: Mapping[str, LevelSchedule], p: float) -> Iterator[str]:
    """Say which schedules are for another pruning rate than the study's."""
    for name, schedule in schedules.items():
        if (meant := getattr(schedule, "p", p)) != p:
            yield f"{name} is meant for a pruning rate of {meant:g}, but this study prunes {p:g} at every level."


def _undecided(decided: int, levels: int) -> Iterator[str]:
    """Say which levels an unfinished oracle has not decided."""
    if decided < levels:
        yield f"The oracle has decided {decided} of {levels} levels; nothing is known about the others."


def _covers(schedule: LevelSchedule, level: int) -> bool:
    try:
        schedule(level)
    except InputError:  # the curve of an oracle that had fewer levels
        return False
    return True


def _rule(name: str) -> Rule:
    if name not in RULES:
        raise InputError(f"There is no interval rule {name!r}; choose one of {', '.join(RULES)}.")
    return RULES[name]
