"""Compare trainings of open_lth, the framework of the lottery-ticket papers, with ours.

    python -m benchmarks.open_lth [--only lenet-300-100 resnet-20] [--steps N] [--evaluate] [--checkout FOLDER]

It fetches open_lth from github.com/facebookresearch/open_lth, or takes it from FOLDER. open_lth then runs its own loop
on its own network under its own masks, in a process of its own (benchmarks/peers/open_lth_runner.py). Our training
takes turns with it, with the engine `channels-last` if there are convolutions. Both have the same images, batch size,
steps, optimizer settings and number of threads, and the augmentation that each has for the data set (CIFAR-10: crop and
flip).

Two things differ. open_lth's ResNet-20 has a 1 x 1 convolution and BatchNorm in its two shortcuts with a stride, where
ours has nothing; that is less than 1 % of the multiplications. And if the processor has bf16, we also train ResNet-20
in bf16.

Neither side evaluates; with `--evaluate` both evaluate twice on the 10,000 test images. The first steps are not timed.
Data come from $SCYC_DATA. The table is kept in benchmarks/results/open-lth.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from benchmarks.bare_loop import has_bf16
from benchmarks.tables import keep, made_on, take_turns
from scyc import InputError
from scyc.data import Dataset, Split
from scyc.engines import engine_for
from scyc.optimizers import OptimizerSettings
from scyc.profiles import ConstantProfile
from scyc.pruning import Masks, prunable_weights
from scyc.training.loop import train_one
from scyc.training.recipe import Recipe
from scyc.workloads import load_workload

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RUNNER = Path(__file__).parent / "peers" / "open_lth_runner.py"
URL, COMMIT = "https://github.com/facebookresearch/open_lth", "2ce732fe48abd5a80c10a153c45d397b048e980c"
LR, MOMENTUM, WEIGHT_DECAY = 0.03, 0.9, 5e-4
WARM_UP = 3  # steps that are not timed

Bytes = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Case:
    """A network and its data, with their names on both sides.

    Attributes:
        workload: ours.
        model: open_lth's.
        batch: examples per step.
        steps: default number of steps of one training, at most one epoch.
        wanted: how many times as fast ours should be.
    """

    workload: str
    model: str
    batch: int
    steps: int
    wanted: float


CASES = {
    "lenet-300-100": Case("fashion-mnist/lenet-300-100", "mnist_lenet_300_100", batch=64, steps=800, wanted=5),
    "resnet-20": Case("cifar10/resnet-20", "cifar_resnet_20", batch=128, steps=40, wanted=2),
}


def as_bytes(inputs: torch.Tensor) -> Bytes:
    """Return normalised images (N, C, H, W) as the bytes (N, H, W, C) that they came from; grey ones as (N, H, W).

    Each channel must contain the darkest and the brightest value. Vectors (N, 784) are grey images.
    """
    if inputs.ndim == 2:
        inputs = inputs.view(-1, 1, 28, 28)
    low, high = inputs.amin((0, 2, 3), keepdim=True), inputs.amax((0, 2, 3), keepdim=True)
    pixels = ((inputs - low) * (255 / (high - low))).round().to(torch.uint8)
    images: Bytes = pixels.permute(0, 2, 3, 1).contiguous().numpy()
    return images[..., 0] if images.shape[-1] == 1 else images


def write_images(data: Dataset, path: Path) -> None:
    """Write all training images, including those that we hold out for validation, and the test images."""
    splits = (data.train, data.validation)
    np.savez(
        path,
        x_train=np.concatenate([as_bytes(split.inputs) for split in splits]),
        y_train=np.concatenate([split.targets.numpy() for split in splits]),
        x_test=as_bytes(data.test.inputs),
        y_test=data.test.targets.numpy(),
    )


def ours(case: Case, data: Dataset, options: argparse.Namespace, precision: Literal["fp32", "bf16"]) -> float:
    """Return the seconds of one training."""
    workload = load_workload(case.workload)
    model = workload.build_model()
    masks = Masks.dense(model, prunable_weights(model))
    recipe = Recipe(1, case.batch, ConstantProfile(), OptimizerSettings("sgd", MOMENTUM, WEIGHT_DECAY), precision)
    run = partial(
        train_one,
        model,
        masks,
        recipe=recipe,
        max_lr=LR,
        seed=0,
        level=0,
        augmentation=workload.augmentation,
        engine=engine_for("channels-last", model, recipe, torch.device("cpu")),
    )
    evaluated = data.test if options.evaluate else first(data.test, 1)
    run(data=Dataset(first(data.train, WARM_UP * case.batch), first(data.test, 1), first(data.test, 1), 10))
    started = time.perf_counter()
    run(data=Dataset(first(data.train, case.steps * case.batch), evaluated, evaluated, 10))
    return time.perf_counter() - started


def first(split: Split, examples: int) -> Split:
    """Return the first examples of a split.

    Raises:
        InputError: it has fewer.
    """
    if len(split) < examples:
        raise InputError(f"One epoch has {len(split)} images, fewer than the {examples} asked for; give fewer --steps.")
    return Split(split.inputs[:examples], split.targets[:examples])


def theirs(case: Case, checkout: Path, images: Path, options: argparse.Namespace) -> float:
    """Return the seconds of one training by open_lth."""
    command = [sys.executable, str(RUNNER), str(checkout), str(images), "--model", case.model]
    command += ["--batch", str(case.batch), "--steps", str(case.steps), "--threads", str(options.threads)]
    command += ["--lr", str(LR), "--momentum", str(MOMENTUM), "--weight-decay", str(WEIGHT_DECAY)]
    command += ["--evaluate"] if options.evaluate else []
    environment = os.environ | {"OMP_NUM_THREADS": str(options.threads)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"open_lth failed:\n{ended.stderr[-3000:]}")
    return float(ended.stdout.split()[-1])


def fetch(folder: Path) -> Path:
    """Clone open_lth into a folder."""
    checkout = folder / "open_lth"
    for command in (["git", "clone", "--quiet", URL, str(checkout)], ["git", "-C", str(checkout), "checkout", COMMIT]):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise SystemExit(
                f"open_lth could not be fetched ({ended.stderr.strip()}). Clone {URL} on a machine with a network, and "
                "give its folder as --checkout."
            )
    return checkout


def rows(name: str, case: Case, checkout: Path, options: argparse.Namespace) -> list[str]:
    """Time a case, and return its lines of the table."""
    data = load_workload(case.workload).load_data()
    case = replace(case, steps=options.steps or case.steps)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npz"
        write_images(data, path)
        sides: dict[str, Callable[[], float]] = {
            "open_lth": partial(theirs, case, checkout, path, options),
            "ours": partial(ours, case, data, options, "fp32"),
        }
        if name == "resnet-20" and has_bf16():
            sides["ours, bf16"] = partial(ours, case, data, options, "bf16")
        seconds = {side: median(found) for side, found in take_turns(sides, options.repeats).items()}
    return [
        f"| {name} | {case.batch} | {case.steps} | {side} | {seconds[side]:.2f} | "
        f"{1000 * seconds[side] / case.steps:.2f} | {seconds['open_lth'] / seconds[side]:.2f} | "
        f"{'' if side == 'open_lth' else case.wanted} |"
        for side in sides
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Time all cases, print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES), help="only these")
    parser.add_argument("--steps", type=int, help="of one training, at most an epoch")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--evaluate", action="store_true", help="let both sides evaluate")
    parser.add_argument("--checkout", type=Path, help="a clone of open_lth; default: it is fetched")
    parser.add_argument("--out", type=Path, help="folder for the table")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        checkout = options.checkout or fetch(Path(folder))
        try:
            table = [line for name in options.only for line in rows(name, CASES[name], checkout, options)]
        except InputError as error:
            raise SystemExit(str(error)) from error
    evaluation = "two evaluations on 10,000 images in each" if options.evaluate else "without evaluation"
    lines = [
        "# Trainings of open_lth",
        "",
        f"`python -m benchmarks.open_lth` at {made_on('torchvision', 'numpy')}. open_lth at {COMMIT[:12]}, its "
        f"platform `local` with its defaults (num_workers 0), {options.threads} threads for both, {evaluation}; "
        f"medians of {options.repeats} trainings that took turns. SGD, momentum {MOMENTUM}, weight decay "
        f"{WEIGHT_DECAY:g}.",
        "",
        "| network | batch | steps | side | seconds | ms/step | times as fast | wanted |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *table,
    ]
    keep("open-lth", lines, options.out)


if __name__ == "__main__":
    main()
