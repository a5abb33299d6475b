"""How fast each engine trains a workload on this machine, and which one is fastest."""

from __future__ import annotations

import gc
import logging
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import torch

from scyc.engines import ENGINES, find_engine
from scyc.engines.eager import Autograd
from scyc.gradients import windows
from scyc.randomness import seeded
from scyc.training.evaluation import EVALUATION_BATCH, answers_on
from scyc.trial import Member, make_learner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scyc.data import Dataset
    from scyc.engines import Engine
    from scyc.protocol import Protocol
    from scyc.training.learner import Learner

SECONDS = 2.0
"""Default time for each engine, in seconds; the median of its steps counts."""

GAIN = 1.05
"""How many times faster than the reference another engine must be, to be chosen."""

MARGIN = 0.9
"""Share of a GPU's free memory that a group may fill."""

BARE = "bare"

_log = logging.getLogger(__name__)

_ROUNDS = 3
_ON_GPU = 5  # steps between two looks at the clock, which make a GPU wait
_RATE = 1e-3


@dataclass(frozen=True)
class Speed:
    """What was measured of an engine.

    Attributes:
        engine: its name, or "bare" for the bare step loop.
        members: networks that were trained together.
        samples: training examples per second, those of all members added up.
        memory: bytes of GPU memory at the peak; None on a CPU.
    """

    engine: str
    members: int
    samples: float
    memory: int | None


def possible(protocol: Protocol, device: torch.device) -> list[str]:
    """Return the names of the engines that can train the workload's network on a device, the reference first."""
    model = protocol.workload.build_model()
    return [name for name, engine in ENGINES.items() if engine.objection(model, protocol.recipe, device) is None]


def choose(names: Sequence[str], protocol: Protocol, data: Dataset, seconds: float = SECONDS) -> str:
    """Return the name of the engine that trains fastest, the reference unless another one is clearly faster.

    Args:
        names: of the engines to choose from, the reference among them; see `possible`.
        protocol: workload and recipe.
        data: the workload's data on the device to train on.
        seconds: to time each engine for.
    """
    if len(names) == 1:
        return names[0]
    return fastest(compare(names, protocol, data, seconds))


def fastest(speeds: Sequence[Speed]) -> str:
    """Return the name of the fastest engine, the reference unless another one is clearly faster."""
    found = {speed.engine: speed.samples for speed in speeds}
    best = max(found, key=found.__getitem__)
    return best if found[best] > GAIN * found["eager"] else "eager"


def compare(names: Sequence[str], protocol: Protocol, data: Dataset, seconds: float = SECONDS) -> list[Speed]:
    """Return the speeds of engines, in the order of `names`; they take turns, so that a busy moment slows them all.

    An engine that fails is left out with a warning: the network may do something that cannot be recorded as a graph.

    Args:
        names: of engines; "bare" is the bare step loop.
        protocol: workload and recipe.
        data: the workload's data on the device to train on.
        seconds: to time each of them for; at least one step is taken, after one that is not timed.
    """
    rounds: dict[str, list[Speed]] = {name: [] for name in names}
    started = time.perf_counter()
    for number in range(_ROUNDS):
        if number and time.perf_counter() - started > seconds * len(names):
            break  # steps are so long that a few of them must do
        for name, found in list(rounds.items()):
            try:
                members = found[0].members if found else None
                found.append(_speed(name, protocol, data, members, seconds / _ROUNDS))
            except Exception as error:
                if name in ("eager", BARE):
                    raise
                _log.warning("The engine %s does not train this workload here: %s", name, error)
                del rounds[name]
            free_memory(data.train.device)
    return [sorted(found, key=lambda speed: speed.samples)[len(found) // 2] for found in rounds.values()]


def _speed(name: str, protocol: Protocol, data: Dataset, members: int | None, seconds: float) -> Speed:
    if name == BARE:
        return measure_bare(protocol, data, seconds)
    return measure(name, protocol, data, members=members, seconds=seconds)


def measure(
    name: str, protocol: Protocol, data: Dataset, *, members: int | None = None, seconds: float = SECONDS
) -> Speed:
    """Return how fast an engine takes training steps on `data`.

    Args:
        name: of the engine.
        protocol: workload and recipe.
        data: the workload's data on the device to train on.
        members: networks to train together; default: as many as fit.
        seconds: to time it for, after a step that is not timed.

    Raises:
        InputError: there is no such engine.
    """
    engine = find_engine(name)
    members = members or fitting(engine, protocol, data)
    take = _steps(engine, protocol, data, _learners(engine, protocol, data, members))
    return _timed(name, members, take, protocol, data.train.device, seconds)


def measure_bare(protocol: Protocol, data: Dataset, seconds: float = SECONDS) -> Speed:
    """Return how fast the bare step loop is: forward, backward, fused optimizer and masks on one batch in memory.

    No engine of a single network can beat it without other kernels.
    """
    [learner] = _learners(ENGINES["eager"], protocol, data, 1)
    gradients = Autograd(learner.model.train(), protocol.recipe)
    inputs, targets = next(data.train.batches(protocol.recipe.batch_size))

    def take() -> None:
        gradients(inputs, targets)
        learner.advance()

    return _timed(BARE, 1, take, protocol, data.train.device, seconds)


def fitting(engine: Engine, protocol: Protocol, data: Dataset, share: float = 1.0) -> int:
    """Return how many networks the engine can train together: on a GPU, as many as its free memory holds.

    Args:
        engine: to train them.
        protocol: workload and recipe.
        data: the workload's data on the device to train on.
        share: of the GPU's whole memory that this process may fill.
    """
    device = data.train.device
    if engine.largest == 1 or device.type != "cuda":
        return engine.largest
    one, two = (_peak(engine, protocol, data, members) for members in (1, 2))
    free, total = torch.cuda.mem_get_info(device)
    mine = int(share * total) - torch.cuda.memory_reserved(device)
    return room(one, two, min(free, mine), engine.largest)


def free_memory(device: torch.device) -> None:
    """Give back a GPU's memory that is no longer used."""
    if device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()


def room(one: int, two: int, free: int, largest: int) -> int:
    """Return how many networks fit into memory, from 1 to `largest`.

    Args:
        one: bytes that training one network took at the peak.
        two: bytes that training two together took.
        free: bytes that are free while nothing is trained.
        largest: the upper limit.
    """
    each = max(1, two - one)
    return max(1, min(largest, 1 + int((MARGIN * free - one) / each)))


def _peak(engine: Engine, protocol: Protocol, data: Dataset, members: int) -> int:
    """Return the bytes that a GPU's memory takes at the peak: for steps, and for the evaluation of one network after.

    What a recorded step has used stays its own, so the evaluation needs memory of its own.
    """
    device = data.train.device
    free_memory(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_reserved(device)
    learners = _learners(engine, protocol, data, members)
    take = _steps(engine, protocol, data, learners)
    for _ in range(2):
        take()
    with protocol.recipe.autocast(device):
        answers_on(learners[0].model, data.validation.first(EVALUATION_BATCH))
    peak = torch.cuda.max_memory_reserved(device) - before
    del take, learners
    free_memory(device)
    return peak


def _learners(engine: Engine, protocol: Protocol, data: Dataset, members: int) -> list[Learner]:
    return [make_learner(Member(protocol, _RATE), data, seed=0, level=0, engine=engine) for _ in range(members)]


def _steps(engine: Engine, protocol: Protocol, data: Dataset, learners: Sequence[Learner]) -> Callable[[], object]:
    """Return a function that takes one training step at each call, epoch after epoch."""
    augmentation, recipe = protocol.workload.augmentation, protocol.recipe
    steps_per_level = recipe.steps(len(data.train))
    looked_at = {step for window in windows(steps_per_level).values() for step in window}
    usual = next((step for step in range(steps_per_level) if step not in looked_at), 0)  # nothing is recorded of it
    generator = torch.Generator(data.train.device)
    for learner in learners:
        learner.begin_epoch()
    steps = engine.bind(learners)

    def batches() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        per_epoch = steps_per_level // recipe.epochs
        while True:
            yield from islice(data.train.batches(recipe.batch_size, torch.randperm(len(data.train))), per_epoch)

    source = batches()

    def take() -> object:
        inputs, targets = next(source)
        return steps(inputs if augmentation is None else augmentation(inputs, generator), targets, usual)

    return take


def _timed(
    name: str, members: int, take: Callable[[], object], protocol: Protocol, device: torch.device, seconds: float
) -> Speed:
    gpu = device.type == "cuda"
    if gpu:
        torch.cuda.reset_peak_memory_stats(device)
    with seeded("bench", device=device):
        take()
        spent: list[float] = []
        while sum(spent) < seconds:
            spent.append(_block(take, device, _ON_GPU if gpu else 1))
    median = sorted(spent)[len(spent) // 2] / (_ON_GPU if gpu else 1)
    memory = torch.cuda.max_memory_reserved(device) if gpu else None
    return Speed(name, members, members * protocol.recipe.batch_size / median, memory)


def _block(take: Callable[[], object], device: torch.device, steps: int) -> float:
    started = time.perf_counter()
    for _ in range(steps):
        take()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started
