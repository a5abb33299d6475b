"""Several methods on several choices and orders of the recorded seeds, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.replaying.judging import Reference, judge
from oracle.replaying.simulation import simulate
from oracle.spec.files import parse_spec, set_field
from oracle.spec.search_methods import SEARCH_METHODS
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from oracle.replaying.judging import Judgement
    from oracle.replaying.recording import Recording
    from oracle.spec.model import Spec

SEEDS, ORDERS = 3, 4
"""How many seeds a replayed study has by default, and how many choices of them are tried."""

_SEED = 20211017
"""Seed of the random numbers that choose and order the seeds."""


@dataclass(frozen=True)
class Spread:
    """A mean over several replays, with the smallest and the largest."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Replay:
    """What one method is worth.

    Attributes:
        name: of the row.
        spec: spec of the study that the method makes.
        judgements: one for each choice and order of the seeds.
    """

    name: str
    spec: Spec
    judgements: tuple[Judgement, ...]

    def spread(self, measure: Callable[[Judgement], float | None]) -> Spread | None:
        """Return a measure over all replays; None if none of them has it."""
        found = [value for one in self.judgements if (value := measure(one)) is not None]
        return Spread(sum(found) / len(found), min(found), max(found)) if found else None

    @property
    def spreads(self) -> dict[str, Spread | None]:
        """All measures by name: those of `Judgement`, regrets as means over the levels."""
        return {name: self.spread(measure) for name, measure in MEASURES.items()}


MEASURES: Mapping[str, Callable[[Judgement], float | None]] = {
    "trainings": lambda one: one.trainings,
    "epochs": lambda one: one.epochs,
    "share": lambda one: one.share,
    "clock": lambda one: one.clock,
    "busy": lambda one: one.busy,
    "outside": lambda one: one.outside,
    "test_regret": lambda one: _mean(one.test_regret),
    "worst_test_regret": lambda one: max(one.test_regret, default=None),
    "validation_regret": lambda one: _mean(one.validation_regret),
    "inside": lambda one: one.inside,
    "overlap": lambda one: one.overlap,
    "ceiling": lambda one: one.ceiling,
    "ratio": lambda one: one.ratio,
    "on_path": lambda one: one.on_path,
    "decided": lambda one: one.decided,
}
"""What is shown of a replay."""


def replay(
    recording: Recording, specs: Mapping[str, Spec], orders: Sequence[Sequence[int]], workers: int = 1
) -> list[Replay]:
    """Replay methods on the same choices of the seeds.

    Args:
        recording: what stands in for training.
        specs: by name, the spec of the study that a method makes; see `method_spec`.
        orders: the seeds of each replayed study, in its order; see `orders_of`.
        workers: how many cells are trained at a time, >= 1.

    Raises:
        InputError: a seed is not on record, or there are no workers.
    """
    references = [Reference.of(recording, seeds) for seeds in orders]
    return [
        Replay(
            name,
            spec,
            tuple(
                judge(recording, simulate(recording, spec, reference.seeds, workers), reference)
                for reference in references
            ),
        )
        for name, spec in specs.items()
    ]


def orders_of(recording: Recording, seeds: int | None = None, orders: int = ORDERS) -> list[tuple[int, ...]]:
    """Return several choices of the recorded seeds, each in an order of its own; the first is as recorded.

    Other orders of the same seeds come only when there are no more choices.

    Args:
        recording: it says which seeds there are.
        seeds: how many each has, >= 1. Default: `SEEDS`, or one less than there are.
        orders: how many, >= 1; fewer if there are not as many.

    Raises:
        InputError: there are not so many seeds.
    """
    there = recording.seeds.tolist()
    number = max(1, min(SEEDS, len(there) - 1)) if seeds is None else seeds
    if not 1 <= number <= len(there):
        raise InputError(f"The recording {recording.name!r} has {len(there)} seeds, but {number} are asked for.")
    random, found = np.random.default_rng(_SEED), [tuple(there[:number])]
    for again in (False, True):
        for _ in range(20 * orders):
            order = tuple(random.permutation(there)[:number].tolist())
            known = order in found if again else set(order) in map(set, found)
            if len(found) < orders and not known:
                found.append(order)
    return found


def method_spec(recording: Recording, method: str, fields: Mapping[str, Any] | None = None) -> Spec:
    """Return the spec of the study that a method makes: the recorded one, but for its [search].

    Args:
        recording: the recorded study.
        method: name of a search method. One that needs a range gets that of the recorded candidates.
        fields: fields of the spec to change, such as `{"search.max_lr.count": 4}`.

    Raises:
        InputError: there is no such method, or a field is not one of [search], or not valid.
    """
    if method not in SEARCH_METHODS:
        raise InputError(f"There is no search method {method!r}; choose one of {', '.join(SEARCH_METHODS)}.")
    if other := [name for name in fields or {} if not name.startswith("search.")]:
        raise InputError(f"A replay trains nothing, so only fields of [search] can change, and not {other[0]}.")
    values = recording.spec.to_dict()
    search = values["search"]
    if SEARCH_METHODS[method].needs_range and "values" in search["max_lr"]:
        rates = recording.rates.tolist()
        search["max_lr"] = {"low": rates[0], "high": rates[-1], "count": len(rates), "scale": "log"}
    search["method"] = method
    for name, value in (fields or {}).items():
        set_field(values, name, value)
    return parse_spec(values, f"a replay of {method!r}")


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
