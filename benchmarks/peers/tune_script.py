"""What you would write without this project: an oracle sweep in one script, with Ray Tune's grid search at each level.

    python tune_script.py DATA.npz RESULT.json --levels 8 --epochs 10 --workers 2 --max-lr 0.02 0.1 0.5

It is written in good faith with the usual parts: PyTorch's DataLoader, pruning and LambdaLR, and Ray Tune's function
trainables with reports and checkpoints. It does not import scyc. A trial has one thread, and weights that the next
level does not need are deleted. With `--reuse-actors`, Ray keeps its worker processes from trial to trial, which is not
its default.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import ray
import torch
import torch.nn.functional as F
from ray import tune
from torch import nn
from torch.nn.utils import prune
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

BATCH, MOMENTUM, WEIGHT_DECAY, PRUNED = 64, 0.9, 5e-4, 0.2
Arrays = dict[str, np.ndarray[Any, Any]]
State = dict[str, torch.Tensor]


def make_model() -> nn.Sequential:
    """Return the MLP, with the weights of seed 0."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(40, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10))


def weights_of(model: nn.Sequential) -> list[tuple[nn.Module, str]]:
    """Return the weights that are pruned."""
    return [(layer, "weight") for layer in model if isinstance(layer, nn.Linear)]


def apply_masks(model: nn.Sequential, masks: list[torch.Tensor]) -> None:
    """Prune the model by the masks of an earlier level; none for the dense model."""
    for (layer, name), mask in zip(weights_of(model), masks, strict=bool(masks)):
        prune.custom_from_mask(layer, name, mask)  # type: ignore[no-untyped-call]


def warmup_step(progress: float) -> float:
    """Return the learning rate as a multiple of max_lr: warm-up, then /10 and /100."""
    if progress < 0.3:
        return progress / 0.3
    return 1.0 if progress < 0.5 else 0.1 if progress < 0.8 else 0.01


@torch.no_grad()
def evaluate(model: nn.Module, loader: DataLoader[Any]) -> tuple[float, float]:
    """Return mean loss and accuracy."""
    model.eval()
    loss, correct, count = 0.0, 0, 0
    for inputs, targets in loader:
        logits = model(inputs)
        loss += F.cross_entropy(logits, targets, reduction="sum").item()
        correct += int((logits.argmax(1) == targets).sum())
        count += len(targets)
    return loss / count, correct / count


def train(config: dict[str, Any], data: Arrays, masks: list[torch.Tensor], epochs: int) -> None:
    """Train one candidate from the initial weights under the masks, and report to Tune."""
    torch.set_num_threads(1)
    sets = {
        split: TensorDataset(torch.tensor(data[f"x_{split}"]), torch.tensor(data[f"y_{split}"]))
        for split in ("train", "val", "test")
    }
    model = make_model()
    apply_masks(model, masks)
    torch.manual_seed(0)  # the batches come in the same order for every candidate
    loader = DataLoader(sets["train"], BATCH, shuffle=True, drop_last=True)
    val_loader, test_loader = (DataLoader(sets[split], 1000) for split in ("val", "test"))
    optimizer = torch.optim.SGD(model.parameters(), config["max_lr"], MOMENTUM, weight_decay=WEIGHT_DECAY)
    steps = epochs * len(loader)
    scheduler = LambdaLR(optimizer, lambda step: warmup_step(step / steps))
    for epoch in range(epochs):
        model.train()
        loss_sum = torch.zeros(())
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), targets)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            scheduler.step()
            loss_sum += loss.detach()
        val_loss, val_accuracy = evaluate(model, val_loader)
        metrics = {"train_loss": loss_sum.item() / len(loader), "val_loss": val_loss, "val_accuracy": val_accuracy}
        if epoch + 1 < epochs:
            tune.report(metrics)
    metrics["test_loss"], metrics["test_accuracy"] = evaluate(model, test_loader)
    with tempfile.TemporaryDirectory() as folder:
        torch.save(model.state_dict(), Path(folder) / "model.pt")
        tune.report(metrics | {"ended": time.time()}, checkpoint=tune.Checkpoint.from_directory(folder))


def pruned_further(state: State, masks: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return the masks of the next level: prune the smallest fifth of the weights left, over all layers."""
    model = make_model()
    apply_masks(model, masks)
    model.load_state_dict(state)
    model(torch.zeros(1, 40))  # only a forward pass brings the masked weights, which are ranked, up to date
    prune.global_unstructured(weights_of(model), pruning_method=prune.L1Unstructured, amount=PRUNED)
    return [layer.get_buffer("weight_mask") for layer, _ in weights_of(model)]


def search_level(
    level: int, data: Arrays, masks: list[torch.Tensor], folder: Path, options: argparse.Namespace
) -> tuple[dict[str, Any], State]:
    """Train all candidates of a level; return a record of the level, and the winner's weights."""
    trainable = tune.with_parameters(train, data=data, masks=masks, epochs=options.epochs)
    tuner = tune.Tuner(
        tune.with_resources(trainable, {"cpu": 1}),
        param_space={"max_lr": tune.grid_search(options.max_lr)},
        tune_config=tune.TuneConfig(
            metric="val_accuracy",
            mode="max",
            max_concurrent_trials=options.workers,
            reuse_actors=options.reuse_actors,
        ),
        run_config=tune.RunConfig(name=f"level-{level}", storage_path=str(folder), verbose=0),
    )
    results = tuner.fit()
    best = results.get_best_result()
    assert best.checkpoint is not None
    assert best.metrics is not None
    with best.checkpoint.as_directory() as saved:
        state: State = torch.load(Path(saved) / "model.pt")
    shutil.rmtree(folder / f"level-{level}")
    alive = sum(int(mask.sum()) for mask in masks) / sum(mask.numel() for mask in masks) if masks else 1.0
    record = {
        "density": alive,
        "max_lr": best.metrics["config"]["max_lr"],
        "val_accuracy": best.metrics["val_accuracy"],
        "test_accuracy": best.metrics["test_accuracy"],
        "ended": [(results[index].metrics or {})["ended"] for index in range(len(results))],
    }
    return record, state


def main() -> None:
    """Search level after level."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--levels", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--max-lr", type=float, nargs="+", required=True)
    parser.add_argument("--reuse-actors", action="store_true")
    options = parser.parse_args()

    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1"}
    ray.init(
        "local", num_cpus=options.workers, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
    )
    with np.load(options.data) as arrays:
        data = dict(arrays)
    masks: list[torch.Tensor] = []
    levels = []
    with tempfile.TemporaryDirectory() as folder:
        for level in range(options.levels):
            record, state = search_level(level, data, masks, Path(folder), options)
            levels.append(record)
            options.result.write_text(json.dumps(levels))
            masks = pruned_further(state, masks)
    ray.shutdown()


if __name__ == "__main__":
    main()
