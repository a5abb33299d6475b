"""The best `max_lr` at each pruning level, for a training loop in plain PyTorch.

The data are made on the spot. Each level starts from the weights that the level before left, prunes a fifth of them by
magnitude, and trains the rest. Run it again to resume it:

    python examples/own_training/plain_pytorch.py [--levels 4] [--seeds 2] [--max-lr 0.03 0.1 0.3 1]
"""

from __future__ import annotations

import argparse

import torch
import torch.nn.functional as F
from torch import nn

import oracle
from scyc.pruning import Pruner

EPOCHS, BATCH = 6, 64


def make_data() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return points and which of two spirals they are on: for training, validation and testing."""
    draws = torch.Generator().manual_seed(0)
    sets = []
    for count in (1024, 2048, 2048):
        labels = torch.arange(count) % 2
        turn = 3 * torch.rand(count, generator=draws) + 0.5
        angle = 2 * turn + torch.pi * labels
        points = turn[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
        sets.append((points + 0.35 * torch.randn(count, 2, generator=draws), labels))
    return sets


def accuracy(network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> float:
    """Return the fraction of examples that the network classifies correctly."""
    with torch.no_grad():
        return (network(inputs).argmax(1) == targets).float().mean().item()


def train(trial: oracle.Trial) -> dict[str, float]:
    """Train one network: what the study calls for every level, seed and candidate."""
    (inputs, targets), validation, test = make_data()
    torch.manual_seed(trial.seed)
    network = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    pruner = Pruner(network)
    if trial.parent:  # what the winner of the level before left for this seed
        left = torch.load(trial.parent / "network.pt")
        network.load_state_dict(left["weights"])
        pruner.load_state_dict(left["masks"])
        pruner.prune(rate=0.2, level=trial.level)
    optimizer = torch.optim.SGD(network.parameters(), lr=trial.max_lr, momentum=0.9)
    pruner.attach(optimizer)  # from now on, every step keeps pruned weights at zero
    steps = EPOCHS * len(inputs) // BATCH
    for epoch in range(EPOCHS):
        for at, batch in enumerate(torch.randperm(len(inputs)).split(BATCH), epoch * len(inputs) // BATCH):
            optimizer.param_groups[0]["lr"] = trial.lr_at(at / steps)
            optimizer.zero_grad()
            F.cross_entropy(network(inputs[batch]), targets[batch]).backward()
            optimizer.step()
        trial.report(accuracy(network, *validation), step=epoch)
    torch.save({"weights": network.state_dict(), "masks": pruner.state_dict()}, trial.out / "network.pt")
    return {"val": accuracy(network, *validation), "test": accuracy(network, *test)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--max-lr", type=float, nargs="+", default=[0.03, 0.1, 0.3, 1.0])
    parser.add_argument("--executor", default="auto")
    given = vars(parser.parse_args())
    study = oracle.search(train, name="plain-pytorch", budget=EPOCHS, **given)
    print(study.curve()[["level", "density", "winner", "val"]].to_string(index=False))
