"""Train a network with open_lth's own loop, and print the seconds that it took.

    python open_lth_runner.py CHECKOUT DATA.npz --model cifar_resnet_20 --data-set cifar10 --batch 128 --steps 60 ...

It calls what open_lth's own `lottery` command calls for level 0: its network under its masks (`PrunedModel`), its data
set with its augmentation, its `DataLoader`, its optimizer and schedule, its `train`. The platform is its default,
`local`, with its default of `num_workers` 0: the process that trains also prepares the examples.

Without `--evaluate` the loop has no callbacks. With it, the loop has its standard callbacks. They evaluate on the
10,000 test images and save the network, before the first and after the last step, and save a checkpoint at the
beginning of the epoch.

open_lth was written for the libraries of 2020. Three things are changed from outside; none changes what it does:

* `numpy.product`, which the schedule calls and NumPy 2 no longer has, becomes `numpy.prod`.
* `torch.nn.parallel.DistributedDataParallel` becomes an empty module. open_lth inherits from it, but uses it only on
  several GPUs; today's version has a base class that does not go together with open_lth's own.
* The classes that read CIFAR-10's and MNIST's files are replaced by one that returns the same arrays from DATA.npz,
  because torchvision accepts only the files that it downloads.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import torchvision

WARM_UP = 3  # steps that are not timed


def modernise(data: dict[str, np.ndarray[Any, Any]]) -> None:
    """Let open_lth work with the libraries of today, and read `data`."""
    vars(np)["product"] = np.prod
    torch.nn.parallel.DistributedDataParallel = type("DistributedDataParallel", (torch.nn.Module,), {})

    def images(train: bool, **_: Any) -> SimpleNamespace:
        split = "train" if train else "test"
        return SimpleNamespace(data=data[f"x_{split}"], targets=data[f"y_{split}"])

    def tensors(train: bool, **_: Any) -> SimpleNamespace:
        return SimpleNamespace(**{name: torch.from_numpy(array) for name, array in vars(images(train)).items()})

    from datasets import cifar10

    cifar10.CIFAR10 = images
    torchvision.datasets.MNIST = tensors


def train(options: argparse.Namespace, steps: int, evaluate: bool) -> float:
    """Train from new weights for this many steps; return the wall seconds of open_lth's loop."""
    import datasets.registry
    import models.registry
    from foundations.step import Step
    from pruning.mask import Mask
    from pruning.pruned_model import PrunedModel
    from training.standard_callbacks import standard_callbacks
    from training.train import train as open_lth_train

    described = models.registry.get_default_hparams(options.model)
    described.dataset_hparams.batch_size = options.batch
    hparams = described.training_hparams
    hparams.lr, hparams.momentum, hparams.weight_decay = options.lr, options.momentum, options.weight_decay
    hparams.milestone_steps = hparams.gamma = hparams.warmup_steps = None
    hparams.training_steps = f"{steps}it"
    model = models.registry.get(described.model_hparams)
    model = PrunedModel(model, Mask.ones_like(model))
    loader = datasets.registry.get(described.dataset_hparams, train=True)
    callbacks = []
    if evaluate:
        test_loader = datasets.registry.get(described.dataset_hparams, train=False)
        callbacks = standard_callbacks(hparams, loader, test_loader, verbose=False)
    with tempfile.TemporaryDirectory() as folder:
        end = Step.from_iteration(steps, loader.iterations_per_epoch)
        started = time.perf_counter()
        open_lth_train(hparams, model, loader, folder, callbacks, end_step=end)
        return time.perf_counter() - started


def main() -> None:
    """Train, and print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--momentum", type=float, required=True)
    parser.add_argument("--weight-decay", type=float, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--evaluate", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sys.path.insert(0, str(options.checkout))
    with np.load(options.data) as arrays:
        modernise(dict(arrays))

    from platforms import local

    def job() -> None:
        train(options, WARM_UP, evaluate=False)
        print(train(options, options.steps, options.evaluate))

    local.Platform().run_job(job)


if __name__ == "__main__":
    main()
