"""Optuna's samplers as proposers, through ask and tell on an Optuna study in memory."""

from __future__ import annotations

import itertools
import warnings
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, QMCSampler, RandomSampler, TPESampler

from oracle.searching.candidates import standing
from oracle.spec.search import rounded
from scyc import InputError
from scyc.randomness import stream_seed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from oracle.searching.candidates import Candidate
    from oracle.spec.model import Spec
    from oracle.spec.search import MaxLrSpec

optuna.logging.set_verbosity(optuna.logging.WARNING)  # no log line for each Optuna study in memory

ASKS_PER_PROPOSAL = 20
"""How often at most a sampler is asked per candidate. One that has converged repeats itself, and proposes fewer."""

SAMPLERS: Mapping[str, Callable[[int, int], BaseSampler]] = MappingProxyType(
    {
        "tpe": lambda seed, _: TPESampler(seed=seed, n_startup_trials=4),
        "gp": lambda seed, _: GPSampler(seed=seed, n_startup_trials=4, deterministic_objective=False),
        "cmaes": lambda seed, batch: CmaEsSampler(seed=seed, n_startup_trials=1, popsize=max(4, batch)),
        "qmc": lambda seed, _: QMCSampler(seed=seed, scramble=True),
        "random": lambda seed, _: RandomSampler(seed=seed),
    }
)
"""By method, what makes the sampler from a seed and the number of candidates per round."""


class SamplerProposer:
    """Proposes `batch` candidates at a time until `space.count` have been trained.

    For each proposal the Optuna study is rebuilt by replaying every round. Each candidate is asked for again, which
    advances the sampler's random stream and state as it did the first time; it is pinned to the value that was really
    trained, and told its mean validation score (or less, if it diverged; see `standing`). So the proposals depend
    only on what was observed, not on the number of workers or on interruptions.

    Args:
        method: one of `SAMPLERS`.
        space: range, scale and number of candidates.
        batch: candidates per round, >= 1.
        level: level to search; the sampler's seed depends on it.

    Raises:
        InputError: there is no such sampler.
    """

    def __init__(self, method: str, space: MaxLrSpec, batch: int, level: int) -> None:
        if method not in SAMPLERS:
            raise InputError(f"There is no sampler {method!r}; choose one of {', '.join(SAMPLERS)}.")
        self.method, self.space, self.batch, self.level = method, space, batch, level

    @classmethod
    def from_spec(cls, spec: Spec, level: int) -> Self:
        """Return the proposer of a level."""
        return cls(spec.search.method, spec.search.max_lr, spec.search.batch, level)

    def propose(self, observed: Sequence[Candidate], /) -> list[float]:
        """Return the next round of candidates, or nothing once all have been proposed."""
        size = min(self.batch, self.space.count - len(observed))
        if size <= 0:
            return []
        study = optuna.create_study(direction="maximize", sampler=self._sampler())
        space, values = self._distributions(), standing(observed)
        for _, group in itertools.groupby(observed, key=lambda candidate: candidate.round):
            trained = list(group)
            for candidate in trained:
                study.enqueue_trial({"max_lr": candidate.max_lr})
            trials = [study.ask(space) for _ in trained]
            for trial, candidate in zip(trials, trained, strict=True):
                study.tell(trial, values[candidate.max_lr])
        return self._ask(study, space, size, {candidate.max_lr for candidate in observed})

    def _ask(
        self, study: optuna.Study, space: dict[str, BaseDistribution], size: int, taken: set[float]
    ) -> list[float]:
        proposed: list[float] = []
        for _ in range(ASKS_PER_PROPOSAL * size):
            value = rounded(study.ask(space).params["max_lr"], (self.space.high - self.space.low) / self.space.count)
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
            return SAMPLERS[self.method](seed, self.batch)
