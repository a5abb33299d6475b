"""Trained schedules, compared with the oracle's own curve trained again on the same seeds.

The oracle picks the best of many noisy candidates, so the scores by which it picked its winners flatter it. So
schedules are compared with its curve, trained again on seeds that had no part in the choice: same seeds, same data
order, level by level, so that differences are paired.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.comparison.power import MOST_SEEDS
from oracle.comparison.regret import Regret, estimate, holm, regrets
from oracle.comparison.scoring import JudgedOn, Scoring
from oracle.spec.metric import ACCURACY
from oracle.study.opening import ORACLE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from oracle.comparison.regret import Estimate
    from oracle.results.run_view import RunView
    from oracle.spec.metric import MetricSpec
    from scyc import Policy

    Answers = Mapping[int, NDArray[np.bool_]]
    """By seed, which test examples the networks of its path classify correctly, of shape (levels, examples)."""


@dataclass(frozen=True)
class TrainedLevel:
    """A run at one level.

    Attributes:
        max_lrs: one per seed of the run; they differ if the schedule measures something first.
        scores: one per seed, on the data that the run is judged on. A training that is not finite counts as the
            metric's worst value, or as the worst training of the level: its network answers nothing.
        diverged: on how many seeds the trial diverged.
        score: their mean.
        regret: score of the oracle's curve minus this one's, paired by the seeds that both have; None if there
            are no such seeds.
    """

    level: int
    density: float
    max_lrs: tuple[float, ...]
    scores: tuple[float, ...]
    diverged: int
    score: Estimate
    regret: Estimate | None


@dataclass(frozen=True)
class TrainedRun:
    """A run of one schedule.

    Attributes:
        seeds: the seeds that it was trained on.
        paired: those seeds that the oracle's curve was trained on too.
        fresh: whether none of the seeds had a part in the oracle's choice.
        levels: the levels that every seed has finished.
        regret: mean over all levels but the dense one and those where the oracle is silent, paired by seed; None if the
            oracle's curve was not trained.
        epochs: epochs trained per seed, including what the schedule trains to measure.
        sentence: the same in plain words.
        judged_on: the data that the scores are on: "test", or "validation" if those of the test are not known.
    """

    seeds: tuple[int, ...]
    paired: tuple[int, ...]
    fresh: bool
    levels: tuple[TrainedLevel, ...]
    regret: Regret | None
    epochs: float
    sentence: str
    judged_on: JudgedOn = "test"


def judge_runs(
    runs: Mapping[str, RunView],
    oracle: RunView | None,
    chosen_on: Collection[int],
    search_epochs: float,
    silent: Collection[int] = (),
    answers: Mapping[str, Answers] | None = None,
    metric: MetricSpec = ACCURACY,
    unit: str = "epochs",
) -> dict[str, TrainedRun]:
    """Return the results of all runs of a study by name, compared with the oracle's curve.

    Args:
        runs: by name, each with at least one seed that has finished a level.
        oracle: the run of the oracle's curve, if it was trained.
        chosen_on: the seeds that the oracle chose its winners on.
        search_epochs: epochs per seed that the oracle's search took.
        silent: levels that take no part in the mean regret, because the oracle has no winner there.
        answers: by name of the run.
        metric: that the study is judged by.
        unit: what costs are counted in.
    """
    scoring = Scoring.of([*runs.values(), *([oracle] if oracle else [])], metric)
    answers = answers if answers and metric.name == ACCURACY.name and scoring.on == "test" else {}
    paths = {name: _Paired(run, oracle, silent, scoring) for name, run in runs.items()}
    found: dict[str, Regret] = {}
    for key in dict.fromkeys(path.key for path in paths.values() if path.counted):
        group = {name: path for name, path in paths.items() if path.key == key}
        examples = {name: path.examples(answers.get(name, {}), answers.get(ORACLE, {})) for name, path in group.items()}
        found |= regrets(
            {name: path.losses for name, path in group.items()},
            {name: each for name, each in examples.items() if each is not None},
        )
    judged = holm({name: regret for name, regret in found.items() if name != ORACLE})
    return {
        name: _judge_run(run, paths[name], judged.get(name, found.get(name)), chosen_on, search_epochs, scoring, unit)
        for name, run in runs.items()
    }


class _Paired:
    """A run beside the oracle's curve on the same seeds.

    Attributes:
        seeds: those that both were trained on.
        by_level: at each level that every seed of the run has finished, the losses of the seeds whose oracle has too.
        counted: the levels that the mean regret is taken over.
    """

    def __init__(self, run: RunView, oracle: RunView | None, silent: Collection[int], scoring: Scoring) -> None:
        reference = oracle.paths if oracle is not None else {}
        self.seeds = tuple(seed for seed in run.paths if seed in reference)
        self.by_level: list[list[float]] = []
        self.counted: tuple[int, ...] = ()
        for level in range(min(map(len, run.paths.values()))):
            common = [seed for seed in self.seeds if len(reference[seed]) > level]
            scores = ((scoring.score(reference[seed][level]), scoring.score(run.paths[seed][level])) for seed in common)
            self.by_level.append([best - own for best, own in scores])
            if level and level not in silent and common and len(common) == len(self.seeds):
                self.counted += (level,)

    @property
    def key(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What runs must have in common for their regrets to be judged together."""
        return self.seeds, self.counted

    @property
    def losses(self) -> NDArray[np.float64]:
        """Losses at the levels that count, of shape (levels, seeds)."""
        return np.array([self.by_level[level] for level in self.counted])

    def examples(self, ours: Answers, oracles: Answers) -> NDArray[np.float64] | None:
        """Return the mean loss over levels on each test example, of shape (seeds, examples); None if not on record."""
        both = [(ours.get(seed), oracles.get(seed)) for seed in self.seeds]
        levels, found = list(self.counted), []
        for own, reference in both:
            if own is None or reference is None or own.shape[1] != reference.shape[1]:
                return None
            found.append(reference[levels].mean(axis=0) - own[levels].mean(axis=0))
        return np.array(found) if len({row.size for row in found}) == 1 else None


def _judge_run(
    run: RunView,
    paired: _Paired,
    regret: Regret | None,
    chosen_on: Collection[int],
    search_epochs: float,
    scoring: Scoring,
    unit: str,
) -> TrainedRun:
    seeds, levels = tuple(run.paths), []
    for level, losses in enumerate(paired.by_level):
        trials = [path[level] for path in run.paths.values()]
        scores = tuple(scoring.score(trial) for trial in trials)
        levels.append(
            TrainedLevel(
                level,
                scoring.result(trials[0]).density,
                tuple(trial.max_lr for trial in trials),
                scores,
                sum(scoring.result(trial).diverged for trial in trials),
                estimate(scores),
                estimate(losses) if losses else None,
            )
        )
    fresh = not set(seeds) & set(chosen_on)
    epochs = run.epochs / len(seeds)
    cost = f"{epochs:,.0f} {unit} per seed where the search took {search_epochs:,.0f}"
    sentence = _sentence(run.policy, len(seeds), fresh, regret, cost, scoring) + _on_divergence(levels, scoring.metric)
    return TrainedRun(seeds, paired.seeds, fresh, tuple(levels), regret, epochs, sentence, scoring.on)


def _sentence(policy: Policy, seeds: int, fresh: bool, regret: Regret | None, cost: str, scoring: Scoring) -> str:
    text = f"Trained for real on {seeds} {'fresh ' if fresh else ''}seed{'s' if seeds > 1 else ''}"
    if not fresh:
        text += ", some of which chose the oracle's winners,"
    if regret is None:
        text += f" it took {cost}; what it loses is known once the oracle's curve is trained on the same seeds."
    else:
        text += f" it {_difference(regret, scoring)}, for {cost}.{_power(regret, scoring.metric)}"
    others = [f"rewind {policy.rewind}"] if policy.rewind else []
    others += [f"profile {policy.profile}"] if policy.profile else []
    return text + (f" It differs from the oracle in more than max_lr: {', '.join(others)}." if others else "")


def _on_divergence(levels: Sequence[TrainedLevel], metric: MetricSpec) -> str:
    diverged = sum(level.diverged for level in levels)
    if not diverged:
        return ""
    return (
        f" {diverged} of its {sum(len(level.max_lrs) for level in levels)} trainings diverged; one that is not finite "
        + ("counts as the worst of its level." if metric.worst is None else f"counts with an {metric.name} of 0.")
    )


def _difference(regret: Regret, scoring: Scoring) -> str:
    sign = 1 if regret.mean >= 0 else -1
    metric = scoring.metric
    if metric.loses_points:
        what = f"{metric.difference(abs(regret.mean))} of {scoring.on} {metric.name}"
        text = f"{'loses' if sign > 0 else 'gains'} {what} against the oracle's curve"
    else:
        text = f"has {metric.worse(regret.mean, scoring.on)} than the oracle's curve"
    if regret.low is None or regret.high is None:
        return f"{text} (one seed has no interval)"
    low, high = sorted((sign * regret.low, sign * regret.high))
    if regret.together:
        verdict = "a difference"
    elif regret.alone:
        verdict = "a difference if it is judged alone, none if all schedules are judged together"
    else:
        verdict = "no difference that these seeds can tell from chance"
    over = "seeds" if regret.sampling is None else f"seeds and {scoring.on} examples"
    return f"{text} (95 % interval over {over} {metric.number(low)} to {metric.number(high)}: {verdict})"


def _power(regret: Regret, metric: MetricSpec) -> str:
    """Return what these seeds could have told, and how many more would tell the difference that was seen."""
    if regret.alone or not regret.error or regret.told is None or regret.limit is None or not regret.mean:
        return ""
    text = f" As many seeds tell a difference of {metric.difference(regret.told)} in 8 of 10 cases"
    if regret.more_seeds is not None:
        return f"{text}; one as small as this takes about {regret.more_seeds:,} more."
    if regret.limit > abs(regret.mean):
        return f"{text}; no number of seeds tells one as small as this, because the test set has too few examples."
    return f"{text}; one as small as this takes more than {MOST_SEEDS:,}."
