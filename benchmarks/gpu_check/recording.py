"""What recording steps can break, one thing at a time."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.gpu_check.findings import FAILED, OK, SEEN, Row, tried
from benchmarks.gpu_check.setting import RATES, images, protocol_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.gpu_check.setting import Setting

NAME = "recording"
TOGETHER = ("graphs", "stacked")


def step(setting: Setting) -> Iterator[Row]:
    """Yield what is found, engine by engine."""
    for engine in TOGETHER:
        yield tried(NAME, f"{engine}: BatchNorm's counters", partial(counters, engine, setting))
        yield tried(NAME, f"{engine}: random crops, evaluation between replays", partial(curves, engine, setting))
        yield tried(NAME, f"{engine}: PyTorch's own draws go on", partial(draws, engine, setting))
        yield tried(NAME, f"{engine}: masks of shared weights", partial(shared, engine, setting))
        yield tried(NAME, f"{engine}: groups that change size", partial(pools, engine, setting))
        yield tried(NAME, f"{engine}: in a quarter of the memory", partial(fraction, engine, setting))
    yield tried(NAME, "graphs: AdamW", partial(adamw, setting))
    yield tried(NAME, "stacked: channels last", partial(channels_last, setting))


def counters(name: str, setting: Setting) -> tuple[str, str]:
    """Every BatchNorm has counted as many batches as there were steps."""
    from scyc.engines import find_engine
    from scyc.trial import Member, make_learner

    data, protocol = _data(setting)
    engine = find_engine(name)
    learners = [make_learner(Member(protocol, rate), data, seed=0, level=0, engine=engine) for rate in RATES]
    take = engine.bind(learners)
    for learner in learners:
        learner.begin_epoch()
    batches = list(data.train.batches(protocol.recipe.batch_size))[:3]
    for number, (inputs, targets) in enumerate(batches):
        take(inputs, targets, number)
    buffers = [buffer for learner in learners for buffer in learner.model.named_buffers()]
    counts = {int(tensor) for buffer, tensor in buffers if buffer.endswith("num_batches_tracked")}
    return OK if counts == {len(batches)} else FAILED, f"{sorted(counts)} after {len(batches)} steps"


def curves(name: str, setting: Setting) -> tuple[str, str]:
    """Two epochs of a group, with random crops and an evaluation after each, give the reference's curves."""
    from scyc.engines import EAGER, find_engine
    from scyc.trial import Member, run_trials

    data, protocol = _data(setting)
    members = [Member(protocol, rate) for rate in RATES]
    ours = run_trials(members, data, seed=0, level=0, engine=find_engine(name))
    theirs = [run_trials([member], data, seed=0, level=0, engine=EAGER)[0] for member in members]
    pairs = [
        (one.train_loss or 9.9, other.train_loss or 9.9)
        for found, right in zip(ours, theirs, strict=True)
        for one, other in zip(found.training.epochs, right.training.epochs, strict=True)
    ]
    worst = max(abs(one - other) / max(1.0, other) for one, other in pairs)
    return OK if worst < 0.05 else FAILED, f"training losses differ by {worst:.2%} at most"


def draws(name: str, setting: Setting) -> tuple[str, str]:
    """A default generator that was recorded with is as it was before, and draws on."""
    import torch

    device = setting.device
    torch.manual_seed(7)
    before = torch.rand(3, device=device)
    torch.manual_seed(7)
    counters(name, setting)
    same = torch.equal(before, torch.rand(3, device=device))
    return OK if same else FAILED, "the same numbers before and after" if same else "other numbers after a training"


def shared(name: str, setting: Setting) -> tuple[str, str]:
    """A weight of two layers, half of it pruned, takes the reference's step."""
    import torch
    from torch import nn

    from scyc.data import Dataset, Split
    from scyc.engines import find_engine
    from scyc.network_steps import Steps, difference
    from scyc.protocol import Protocol
    from scyc.training.recipe import Recipe
    from scyc.workloads import Workload

    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.inner, self.out = nn.Embedding(4, 12), nn.Linear(12, 12), nn.Linear(12, 4, bias=False)
            self.out.weight = self.table.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.out(torch.relu(self.inner(x)))  # type: ignore[no-any-return]

    split = Split(torch.randn(64, 12), torch.arange(64) % 4)
    data = Dataset(split, split, split, 4).to(setting.device)
    protocol = Protocol(Workload("tied", Tied, lambda: data), Recipe(epochs=2, batch_size=16))
    steps = Steps(protocol, data, setting.device)
    found = [
        difference(steps.take(find_engine("eager"), 1, first)[0], ours, protocol.recipe, setting.device)
        for first, ours in enumerate(steps.take(find_engine(name), 2))
    ]
    differing = [clause for clause in found if clause]
    return FAILED if differing else OK, "; ".join(differing) or "the same step, pruned weights are zero"


def pools(name: str, setting: Setting) -> tuple[str, str]:
    """Groups of one size after the other: the memory that is held must not grow."""
    import torch

    from scyc.bench import free_memory
    from scyc.engines import find_engine
    from scyc.trial import Member, run_trials

    device = setting.gpu()
    data, protocol = _data(setting)
    held = []
    for members in (8, 2, 8, 4, 8):
        run_trials([Member(protocol, 0.1)] * members, data, seed=0, level=0, engine=find_engine(name))
        free_memory(device)
        held.append(torch.cuda.memory_reserved(device) / 2**20)
    grows = held[-1] > 1.2 * held[0] + 64
    return FAILED if grows else OK, "MiB held after 8, 2, 8, 4, 8 together: " + ", ".join(f"{one:.0f}" for one in held)


def fraction(name: str, setting: Setting) -> tuple[str, str]:
    """A process that may fill a quarter of the memory trains as many as it says, and stays below."""
    import torch

    from scyc.bench import fitting, free_memory
    from scyc.engines import find_engine
    from scyc.trial import Member, run_trials

    device, share = setting.gpu(), 0.25
    torch.cuda.set_per_process_memory_fraction(share)
    try:
        data, protocol = _data(setting)
        most = min(fitting(find_engine(name), protocol, data, share), 16)
        torch.cuda.reset_peak_memory_stats(device)
        run_trials([Member(protocol, 0.1)] * most, data, seed=0, level=0, engine=find_engine(name))
        peak = torch.cuda.max_memory_reserved(device) / torch.cuda.mem_get_info(device)[1]
        return OK if peak <= share else FAILED, f"{most} together, {peak:.1%} of the memory at the peak"
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        free_memory(device)


def adamw(setting: Setting) -> tuple[str, str]:
    """AdamW's step is the reference's, and nothing warns."""
    from scyc.engines import find_engine
    from scyc.network_steps import Steps, difference
    from scyc.optimizers import OptimizerSettings

    data, protocol = _data(setting)
    protocol = replace(protocol, recipe=replace(protocol.recipe, optimizer=OptimizerSettings("adamw")))
    steps = Steps(protocol, data, setting.device)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        ours = steps.take(find_engine("graphs"), 1)[0]
    differs = difference(steps.take(find_engine("eager"), 1)[0], ours, protocol.recipe, setting.device)
    words = [differs or "the same step", *(str(one.message).splitlines()[0] for one in said)]
    return FAILED if differs or said else OK, "; ".join(words)


def channels_last(setting: Setting) -> tuple[str, str]:
    """Images with their channels last, which `stacked` does not ask for: the same losses, and how fast."""
    import torch

    from scyc.engines import find_engine
    from scyc.trial import Member, make_learner

    data, protocol = _data(setting)
    inputs, targets = next(data.train.batches(protocol.recipe.batch_size))
    engine, members = find_engine("stacked"), 2 if setting.small else 16

    def timed(images: torch.Tensor) -> tuple[list[float], float]:
        learners: list[Any] = [
            make_learner(Member(protocol, 0.1), data, seed=0, level=0, engine=engine) for _ in range(members)
        ]
        take = engine.bind(learners)
        for learner in learners:
            learner.begin_epoch()
        losses = take(images, targets, 1).tolist()
        started = time.perf_counter()
        for _ in range(1 if setting.small else 20):
            take(images, targets, 1)
        if setting.device.type == "cuda":
            torch.cuda.synchronize()
        return losses, time.perf_counter() - started

    usual, seconds = timed(inputs)
    other, others = timed(inputs.contiguous(memory_format=torch.channels_last))
    same = all(abs(one - two) < 0.02 for one, two in zip(usual, other, strict=True))
    return SEEN if same else FAILED, f"{seconds / others:.2f} x as fast; losses are {'the same' if same else 'others'}"


def _data(setting: Setting) -> tuple[Any, Any]:
    case = setting.first
    data = images(case, (4 if setting.small else 8) * case.batch, setting.device)
    return data, protocol_of(case, "fp32", data)
