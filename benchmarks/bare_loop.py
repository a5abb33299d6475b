"""Compare training as this project does it with the bare step loop.

    python -m benchmarks.bare_loop [--only lenet-5 resnet-20 ...] [--repeats 5]

- The bare loop is forward, backward, fused SGD and the masks, in eager PyTorch, on batches that are ready, and nothing
  else: no shuffling, no learning rate, no loss is kept.
- Ours is a real training, with shuffling, profile, divergence check and gradient statistics. It uses the engine that
  `scyc bench` prefers for such a network. Its validation and test splits have one example each, so evaluation takes
  almost no time.

Both train the same network under the same masks at half density, on made-up data without augmentation, in one thread.
They take turns. The last row is ours in bf16 beside the bare loop in single precision; without a processor that has
bf16 it is left out. The table is kept in benchmarks/results/bare-loop.md.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F

from benchmarks.tables import keep, made_on, take_turns
from scyc.data import Dataset, Split
from scyc.engines import find_engine
from scyc.models import find_network
from scyc.pruning import Masks, prunable_weights
from scyc.threads import threads
from scyc.training.loop import train_one
from scyc.training.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

WANTED, WANTED_BF16 = 0.95, 1.8
CLASSES = 10
MAX_LR = 0.01


@dataclass(frozen=True)
class Case:
    """A network to be trained.

    Attributes:
        network: its name.
        shape: of one input.
        batch: examples per step.
        steps: per epoch, at most as many as the data set has.
        epochs: of one training.
        engine: of ours.
        precision: of ours.
    """

    network: str
    shape: tuple[int, ...]
    batch: int
    steps: int
    epochs: int
    engine: str = "eager"
    precision: Literal["fp32", "bf16"] = "fp32"

    def build(self) -> tuple[nn.Module, Masks]:
        """Return the network and masks that keep half of its weights, the same on every call."""
        torch.manual_seed(0)
        model = find_network(self.network).build(self.shape, CLASSES)
        names = prunable_weights(model)
        return model, Masks({name: torch.rand_like(model.get_parameter(name)) < 0.5 for name in names})

    def split(self, examples: int) -> Split:
        """Return made-up examples."""
        generator = torch.Generator().manual_seed(examples)
        inputs = torch.randn(examples, *self.shape, generator=generator)
        return Split(inputs, torch.randint(CLASSES, (examples,), generator=generator))


CASES = {
    "mlp-300-100": Case("mlp-300-100", (40,), batch=64, steps=50, epochs=20),
    "lenet-5": Case("lenet-5", (1, 28, 28), batch=64, steps=100, epochs=2, engine="channels-last"),
    "resnet-20": Case("resnet-20", (3, 32, 32), batch=128, steps=8, epochs=1, engine="channels-last"),
    "resnet-20-bf16": Case(
        "resnet-20", (3, 32, 32), batch=128, steps=8, epochs=1, engine="channels-last", precision="bf16"
    ),
}


def bare(case: Case) -> float:
    """Return the steps per second of the bare loop."""
    model, masks = case.build()
    batches = list(case.split(case.steps * case.batch).batches(case.batch))
    optimizer = torch.optim.SGD(model.parameters(), MAX_LR, momentum=0.9, weight_decay=5e-4, fused=True)
    weights = [model.get_parameter(name).detach() for name in masks.kept]
    factors = [mask.float() for mask in masks.kept.values()]
    model.train()
    started = time.perf_counter()
    for _ in range(case.epochs):
        for inputs, targets in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(inputs), targets).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            torch._foreach_mul_(weights, factors)
    return case.epochs * case.steps / (time.perf_counter() - started)


def ours(case: Case) -> float:
    """Return the steps per second of a whole training, from call to return."""
    model, masks = case.build()
    data = Dataset(case.split(case.steps * case.batch), case.split(1), case.split(1), CLASSES)
    recipe = Recipe(epochs=case.epochs, batch_size=case.batch, precision=case.precision)
    started = time.perf_counter()
    train_one(model, masks, data, recipe, max_lr=MAX_LR, seed=0, level=1, engine=find_engine(case.engine))
    return case.epochs * case.steps / (time.perf_counter() - started)


def has_bf16() -> bool:
    """Return whether the processor multiplies bf16 natively."""
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text(encoding="utf-8").split() if cpuinfo.exists() else []
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags)


def row(name: str, case: Case, repeats: int) -> str:
    """Time a case, and return its line of the table."""
    both = {"bare": partial(bare, case), "ours": partial(ours, case)}
    take_turns(both, 1)  # not counted: the first step compiles and caches
    measured = take_turns(both, repeats)
    middle = {side: median(speeds) for side, speeds in measured.items()}
    ratios = [mine / theirs for mine, theirs in zip(measured["ours"], measured["bare"], strict=True)]
    wanted = f"{WANTED_BF16:.1f} x" if case.precision == "bf16" else f"{100 * WANTED:.0f} %"
    share = middle["ours"] / middle["bare"]
    shown = f"{share:.2f} x" if case.precision == "bf16" else f"{100 * share:.1f} %"
    return (
        f"| {name} | {case.engine} | {case.batch} | {middle['bare']:.1f} | {middle['ours']:.1f} | {shown} | "
        f"{min(ratios):.2f} to {max(ratios):.2f} | {wanted} |"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Time all cases, print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=CASES, default=CASES, help="only these")
    parser.add_argument("--repeats", type=int, default=5, help="how often each side is timed")
    parser.add_argument("--out", type=Path, help="folder for the table")
    options = parser.parse_args(arguments)
    wanted = {name: CASES[name] for name in options.only}
    skipped = [name for name, case in wanted.items() if case.precision == "bf16" and not has_bf16()]
    with threads(1):
        rows = [row(name, case, options.repeats) for name, case in wanted.items() if name not in skipped]
    lines = [
        "# Training beside the bare step loop",
        "",
        f"`python -m benchmarks.bare_loop` at {made_on()}. One thread; medians of {options.repeats} trainings each, "
        "in turns. Ours is a training without evaluation. The bare loop is forward, backward, fused SGD and "
        "masks on batches that are ready, in single precision.",
        "",
        "| network | engine | batch | bare steps/s | our steps/s | ours / bare | one by one | wanted |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        *(f"\n{name} was left out: this processor has no bf16." for name in skipped),
    ]
    keep("bare-loop", lines, options.out)


if __name__ == "__main__":
    main()
