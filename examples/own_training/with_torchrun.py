"""The best `max_lr` at each pruning level, for a training on two processes under torchrun.

The study starts this file again for each trial, as a command: each process finds the trial by itself.

    python examples/own_training/with_torchrun.py [--levels 2] [--seeds 1] [--max-lr 0.1 0.3]
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import oracle
from scyc.pruning import Pruner

STEPS = 100


def make_data(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return points on a plane, and in which of two moons they are; each seed is another part of the data."""
    draws = torch.Generator().manual_seed(seed)
    labels = torch.arange(512) % 2
    angle = torch.pi * torch.rand(512, generator=draws)
    points = torch.stack([angle.cos() + labels, (angle.sin() - 0.3) * (1 - 2 * labels)], dim=1)
    return points + 0.15 * torch.randn(512, 2, generator=draws), labels


def train(trial: oracle.Trial) -> None:
    """Train one network, in each of the processes."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    torch.manual_seed(trial.seed)
    network = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    pruner = Pruner(network)
    if trial.parent:  # every process prunes the same weights
        left = torch.load(trial.parent / "network.pt")
        network.load_state_dict(left["weights"])
        pruner.load_state_dict(left["masks"])
        pruner.prune(rate=0.2, level=trial.level)
    averaging = DistributedDataParallel(network)
    optimizer = torch.optim.SGD(network.parameters(), lr=trial.max_lr, momentum=0.9)
    pruner.attach(optimizer)
    (inputs, targets), (val_inputs, val_targets) = make_data(dist.get_rank()), make_data(10 + dist.get_rank())
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = trial.lr_at(step / STEPS)
        optimizer.zero_grad()
        F.cross_entropy(averaging(inputs), targets).backward()
        optimizer.step()
        if step % 20 == 19:
            accuracy = (network(val_inputs).argmax(1) == val_targets).float().mean()
            dist.all_reduce(accuracy)  # the sum: now all processes know the same value
            trial.report(val := accuracy.item() / dist.get_world_size(), step)  # oracle.Stop, if so, in all of them
    if dist.get_rank() == 0:
        torch.save({"weights": network.state_dict(), "masks": pruner.state_dict()}, trial.out / "network.pt")
        trial.finish(val)
    dist.destroy_process_group()


if __name__ == "__main__":
    if "LOCAL_RANK" in os.environ:  # torchrun has started this process
        sys.exit(train(oracle.current_trial()))
    parser = argparse.ArgumentParser(description="Search max_lr for a training on two processes.")
    parser.add_argument("--levels", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--max-lr", type=float, nargs="+", default=[0.1, 0.3])
    parser.add_argument("--executor", default="auto")
    torchrun = f"{sys.executable} -m torch.distributed.run --standalone --nproc-per-node=2"
    command = f"{torchrun} '{Path(__file__).resolve()}'"
    options = {"command": command, "unit": "steps", "budget": STEPS, "cpus_per_trial": 2}
    study = oracle.search(name="with-torchrun", **options, **vars(parser.parse_args()))
    print(study.curve()[["level", "density", "winner", "val"]].to_string(index=False))
