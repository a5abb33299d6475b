"""Compare the engines on one GPU: many networks in lock-step against one after another.

    python -m benchmarks.gpu_engines [--candidates 16] [--seconds 5] [--only resnet-20 ...]

For each network, the first table has the training examples per second

- of the reference, one network after another, on the same data path,
- of one network as a CUDA graph,
- of as many networks together as you ask for, by every engine that can train them,

and how far that is from what the memory could do. The second table compares loss curves and final accuracies of a few
seeds between the engines.

Images are made up, in the size of the real ones, so a GPU takes as long for them. It needs nothing but `scyc`. The
tables are kept in benchmarks/results/gpu-engines.md. Without a GPU it runs with small networks, to show that it runs,
and keeps nothing.

The floor is the least time that the GPU's memory needs for a step. Each layer's inputs and outputs move through memory
once in the forward pass and twice in the backward pass: the gradient of the output and the input are read, the gradient
of the input is written. Weights, gradients and momenta move as often as SGD reads and writes them. Nothing is kept in
caches, and nothing else takes time. The speed of the memory is that of copying.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from oracle.study.provenance import provenance
from oracle.study.writing import write_text
from scyc.bench import measure, possible
from scyc.data import CropFlip, Dataset, Split
from scyc.engines import find_engine
from scyc.models import find_network
from scyc.protocol import Protocol
from scyc.training.recipe import Recipe
from scyc.trial import Member, run_trials
from scyc.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scyc.training.result import Training


@dataclass(frozen=True)
class Case:
    """A network, and the side length in pixels of its images."""

    network: str
    side: int = 32
    batch: int = 128


CASES = (Case("resnet-20"), Case("vgg-19"), Case("resnet-50", side=64), Case("vit-small"))
RATES = (0.02, 0.1, 0.3)
SEEDS = (0, 1, 2)


def images(side: int, count: int, device: torch.device, classes: int = 10) -> Dataset:
    """Return a data set of noise around one image per class."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(classes, 3, side, side, generator=generator)

    def split(size: int) -> Split:
        targets = torch.arange(size) % classes
        return Split(centres[targets] + 3 * torch.randn(size, 3, side, side, generator=generator), targets)

    return Dataset(split(count), split(count // 4), split(count // 4), classes).to(device)


def protocol_of(case: Case, precision: str, data: Dataset, epochs: int = 2) -> Protocol:
    """Return how a network of the table is trained."""
    workload = Workload(
        case.network,
        build_model=lambda: find_network(case.network).build((3, case.side, case.side), data.num_classes),
        load_data=lambda: data,
        augmentation=CropFlip(),
    )
    return Protocol(workload, Recipe(epochs=epochs, batch_size=case.batch, precision=precision))  # type: ignore[arg-type]


def bytes_moved(model: nn.Module, shape: Sequence[int], width: int) -> int:
    """Return the least number of bytes that one training step moves, by the assumptions above.

    Args:
        model: on any device; it is given one batch.
        shape: of the batch.
        width: bytes per activation.
    """
    moved = 0

    def count(_: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal moved
        read, written = sum(one.numel() for one in inputs if isinstance(one, torch.Tensor)), output.numel()
        moved += width * (read + written + written + read + read)

    leaves = [layer for layer in model.modules() if not list(layer.children())]
    handles = [layer.register_forward_hook(count) for layer in leaves]
    with torch.no_grad():
        model.eval()(torch.zeros(*shape, device=next(model.parameters()).device))
    for handle in handles:
        handle.remove()
    weights = sum(weight.numel() for weight in model.parameters())
    return moved + 4 * weights * 8  # forward and backward, gradient written and read; SGD: weight, momentum, mask


def bandwidth(device: torch.device, size: int = 2**28) -> float:
    """Return the bytes per second that copying moves; reading and writing both count."""
    source = torch.empty(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    spent = []
    for _ in range(10):
        started = time.perf_counter()
        target.copy_(source)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        spent.append(time.perf_counter() - started)
    return 2 * size / statistics.median(spent)


def speeds(case: Case, candidates: int, seconds: float, device: torch.device, precision: str, rate: float) -> list[str]:
    """Return the rows of one network."""
    data = images(case.side, 8 * case.batch, device)
    protocol = protocol_of(case, precision, data)
    moved = bytes_moved(
        protocol.workload.build_model(), (case.batch, 3, case.side, case.side), 2 if "16" in precision else 4
    )
    floor = rate / moved * case.batch
    names = possible(protocol, device) if device.type == "cuda" else ["eager", "channels-last", "graphs", "stacked"]
    found = [measure(name, protocol, data, members=1, seconds=seconds) for name in names]
    found += [
        measure(name, protocol, data, members=min(candidates, find_engine(name).largest), seconds=seconds)
        for name in names
        if find_engine(name).largest > 1
    ]
    eager = found[0].samples
    graphed = next((speed.samples for speed in found if speed.engine == "graphs"), None)
    return [
        f"| {case.network} {case.side}x{case.side} | {precision} | {speed.engine} | {speed.members} | "
        f"{speed.samples:,.0f} | {speed.samples / eager:.1f} | "
        f"{f'{speed.samples / graphed:.1f}' if graphed else '-'} | {speed.samples / floor:.0%} | "
        f"{f'{speed.memory / 2**30:.1f}' if speed.memory else '-'} |"
        for speed in found
    ]


def equality(case: Case, epochs: int, count: int, device: torch.device, precision: str) -> list[str]:
    """Return a row per engine: how far its loss curves and accuracies are from the reference's."""
    data = images(case.side, count, device)
    protocol = protocol_of(case, precision, data, epochs)
    names = possible(protocol, device) if device.type == "cuda" else ["eager", "channels-last", "graphs", "stacked"]
    rows, reference = [], None
    for name in names:
        found = [training for seed in SEEDS for training in trained(name, protocol, data, seed)]
        reference = reference or found
        apart = max(
            abs((ours.train_loss or 0.0) - (theirs.train_loss or 0.0))
            for one, other in zip(found, reference, strict=True)
            for ours, theirs in zip(one.epochs, other.epochs, strict=False)
        )
        accuracies = [training.test_accuracy for training in found]
        differences = [a.test_accuracy - b.test_accuracy for a, b in zip(found, reference, strict=True)]
        rows.append(
            f"| {case.network} | {name} | {apart:.4f} | {statistics.mean(accuracies):.4f} | "
            f"{statistics.mean(differences):+.4f} ± {statistics.stdev(differences) / len(differences) ** 0.5:.4f} |"
        )
    return rows


def trained(name: str, protocol: Protocol, data: Dataset, seed: int) -> list[Training]:
    """Return one seed's trainings at `RATES`, trained together if the engine can."""
    engine = find_engine(name)
    members = [Member(protocol, rate) for rate in RATES]
    groups = [members] if engine.largest > 1 else [[member] for member in members]
    return [trial.training for group in groups for trial in run_trials(group, data, seed=seed, level=0, engine=engine)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Time all engines, print the tables and keep them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_engines")
    parser.add_argument("--candidates", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5.0, help="to time each engine for")
    parser.add_argument("--only", nargs="*", choices=[case.network for case in CASES], default=None)
    options = parser.parse_args(arguments)
    gpu = torch.cuda.is_available()
    device = torch.device("cuda" if gpu else "cpu")
    cases = [case for case in CASES if options.only is None or case.network in options.only]
    if not gpu:
        cases = [replace(case, side=max(8, case.side // 4), batch=8) for case in cases]
    rate, made = bandwidth(device, 2**28 if gpu else 2**24), provenance()
    where = made["hardware"]["gpus"][0] if gpu else f"{made['hardware']['processor']}, without a GPU"
    lines = [
        "# Engines on one GPU",
        "",
        f"`python -m benchmarks.gpu_engines --candidates {options.candidates} --seconds {options.seconds:g}` at "
        f"{made['commit'] or 'no commit'} on {where}; torch {made['versions']['torch']}. Copying moves "
        f"{rate / 1e9:,.0f} GB/s.",
        "",
        "| network | precision | engine | together | samples/s | x eager | x one graph | of the floor's | GiB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    print("\n".join(lines))
    for case in cases:
        for precision in ("fp32", "bf16"):
            for row in speeds(case, options.candidates, options.seconds, device, precision, rate):
                lines.append(row)
                print(row, flush=True)
    heading = [
        "",
        f"Differences from the reference: {len(RATES)} max_lr, {len(SEEDS)} seeds. Curves: largest difference of an "
        "epoch's training loss. Accuracy: on the test images. Difference: its mean difference from the reference's.",
        "",
        "| network | engine | curves | accuracy | difference |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += heading
    print("\n".join(heading))
    for case in cases[:1]:
        for row in equality(case, 5 if gpu else 1, 5120 if gpu else 64, device, "fp32"):
            lines.append(row)
            print(row, flush=True)
    if gpu:
        write_text("\n".join(lines) + "\n", Path(__file__).parent / "results" / "gpu-engines.md")


if __name__ == "__main__":
    main()
