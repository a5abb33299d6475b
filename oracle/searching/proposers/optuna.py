"""Optuna's samplers as proposers, through ask and tell on a study in memory."""

from __future__ import annotations

import itertools
import warnings
from typing import TYPE_CHECKING

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, QMCSampler, RandomSampler, TPESampler

from scyc.randomness import stream_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.searching.candidates import Candidate
    from oracle.spec.model import MaxLrSpec

optuna.logging.set_verbosity(optuna.logging.WARNING)  # a study in memory is nothing to announce

ASKS_PER_PROPOSAL = 20
"""A sampler that has converged repeats itself; after so many repetitions it is taken at its word."""


class SamplerProposer:
    """Proposes `batch` candidates at a time until `space.count` have been trained.

    The Optuna study is rebuilt for each proposal by replaying every round: each candidate is asked for again (which
    advances the sampler's random stream and state as it did the first time), pinned to the value that was really
    trained, and told its mean validation accuracy. So the proposals depend on what was observed alone: neither on
    the number of workers nor on interruptions.

    Args:
        method: "tpe", "gp", "cmaes", "qmc" or "random".
        space: range, scale and budget.
        batch: candidates per round, >= 1.
        level: the sampler's seed is a function of it.
    """

    def __init__(self, method: str, space: MaxLrSpec, batch: int, level: int) -> None:
        self.method, self.space, self.batch, self.level = method, space, batch, level

    def propose(self, observed: Sequence[Candidate], /) -> list[float]:
        """Return the next round of candidates, or nothing when the budget is spent."""
        size = min(self.batch, self.space.count - len(observed))
        if size <= 0:
            return []
        study = optuna.create_study(direction="maximize", sampler=self._sampler())
        space = self._distributions()
        for _, group in itertools.groupby(observed, key=lambda candidate: candidate.round):
            trained = list(group)
            for candidate in trained:
                study.enqueue_trial({"max_lr": candidate.max_lr})
            trials = [study.ask(space) for _ in trained]
            for trial, candidate in zip(trials, trained, strict=True):
                study.tell(trial, candidate.val_accuracy)
        return self._ask(study, space, size, {candidate.max_lr for candidate in observed})

    def _ask(
        self, study: optuna.Study, space: dict[str, BaseDistribution], size: int, taken: set[float]
    ) -> list[float]:
        proposed: list[float] = []
        for _ in range(ASKS_PER_PROPOSAL * size):
            value = float(f"{study.ask(space).params['max_lr']:.4g}")
            value = min(max(value, self.space.low), self.space.high)
            if value not in taken:
                proposed.append(value)
                taken.add(value)
            if len(proposed) == size:
                break
        return sorted(proposed)

    def _distributions(self) -> dict[str, BaseDistribution]:
        space: dict[str, BaseDistribution] = {
            "max_lr": FloatDistribution(self.space.low, self.space.high, log=self.space.scale == "log")
        }
        if self.method == "cmaes":  # CMA-ES needs two dimensions; the second one changes nothing
            space["idle"] = FloatDistribution(0.0, 1.0)
        return space

    def _sampler(self) -> BaseSampler:
        seed = stream_seed("proposals", self.method, self.level) % 2**32
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            match self.method:
                case "tpe":
                    return TPESampler(seed=seed, n_startup_trials=4)
                case "gp":
                    return GPSampler(seed=seed, n_startup_trials=4, deterministic_objective=False)
                case "cmaes":
                    return CmaEsSampler(seed=seed, n_startup_trials=1, popsize=max(4, self.batch))
                case "qmc":
                    return QMCSampler(seed=seed, scramble=True)
                case _:
                    return RandomSampler(seed=seed)
