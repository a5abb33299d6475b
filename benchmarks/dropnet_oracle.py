"""Compare the cost of one choice by DropNet's greedy oracle with one forward pass over the data per unit.

    python -m benchmarks.dropnet_oracle

Both sides score every hidden unit of the same network on the same examples, one side after the other; the median of a
few repetitions counts. They must agree on the unit and on the losses. The networks are those that Tan & Motani compare
with the oracle (ICML 2020: fully connected 20-20, convolutional 20-20), and this project's 300-100.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import torch
from torch import nn

from oracle.study.provenance import provenance
from scyc.data import Dataset, Split
from scyc.dropnet import EarlyStopping, Units, cheapest, hidden_layers, losses_without, train_until_stale
from scyc.models import mlp
from scyc.training.evaluation import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from scyc.dropnet import HiddenLayer

Losses = dict[str, torch.Tensor]
REPETITIONS = 3


def conv_20_20() -> nn.Sequential:
    """Return two convolutions of 20 filters, a pooling after each."""
    return nn.Sequential(
        *(nn.Conv2d(1, 20, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(20, 20, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(980, 10)),
    )


def one_by_one(model: nn.Module, layers: tuple[HiddenLayer, ...], units: Units, split: Split) -> Losses:
    """Return the loss without each unit by silencing it and evaluating the whole network."""
    found = {layer.name: torch.full((layer.width,), torch.inf, dtype=torch.float64) for layer in layers}
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    for layer in layers:
        for unit in units.kept[layer.name].nonzero().flatten().tolist():
            units.without(layer.name, [unit]).masks(model, layers).bind(model).apply()
            loss, _ = evaluate(model, split)
            found[layer.name][unit] = torch.inf if loss is None else loss
            model.load_state_dict(state)
    return found


def blobs(examples: int, shape: tuple[int, ...]) -> Split:
    """Return ten clouds of points in [0, 1], so that training has something to learn."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.rand(10, *shape, generator=generator)
    targets = torch.arange(examples) % 10
    noise = torch.randn(examples, *shape, generator=generator)
    return Split((centres[targets] + 0.5 * noise).clamp(0, 1), targets)


def timed(score: Callable[[], Losses]) -> tuple[float, Losses]:
    """Return the median time in seconds, and the losses."""
    times, losses = [], {}
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        losses = score()
        times.append(time.perf_counter() - started)
    return statistics.median(times), losses


def row(name: str, model: nn.Module, split: Split) -> str:
    """Return a table row for one network."""
    layers = hidden_layers(model)
    units = Units.all_of(layers)
    data = Dataset(split, split, split, num_classes=10)
    train_until_stale(model, units.masks(model, layers), data, EarlyStopping(epochs=1), seed=0, cycle=0)
    ours, losses = timed(lambda: losses_without(model, layers, units, split))
    theirs, expected = timed(lambda: one_by_one(model, layers, units, split))
    apart = max((losses[layer].sub(expected[layer]).abs().max().item()) for layer in losses)
    same = "same" if cheapest(losses) == cheapest(expected) else "OTHER"
    return (
        f"| {name} | {units.total} | {len(split):,} | {theirs:.2f} s | {ours:.3f} s | {theirs / ours:.1f} | {same} "
        f"| {apart:.0e} |"
    )


def main() -> None:
    """Print the table."""
    made = provenance()
    print(f"torch {made['versions']['torch']}, {made['hardware']['processor']}, {torch.get_num_threads()} threads")
    print("| network | units | examples | one by one | oracle | ratio | unit | losses apart |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        print(row("fc 784-20-20-10", mlp(784, (20, 20)), blobs(20_000, (784,))), flush=True)
        print(row("fc 64-300-100-10", mlp(64), blobs(1150, (64,))), flush=True)
        print(row("fc 784-300-100-10", mlp(784), blobs(4000, (784,))), flush=True)
        print(row("conv 20-20 on 28 x 28", conv_20_20(), blobs(2000, (1, 28, 28))), flush=True)


if __name__ == "__main__":
    main()
