"""Iterative pruning in your own training loop, with a schedule such as `scyc show NAME --schedule fitted` prints.

Train, prune a fifth of the weights, go back to the first weights, train again (iterative magnitude pruning). It needs
only `pip install .`:

    python examples/training_loop.py [--levels 6] [--epochs 10]
"""

from __future__ import annotations

import argparse
import copy

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from scyc import LevelLR, SCyc, WarmupStep
from scyc.data import load_mnist1d
from scyc.pruning import Masks, magnitude, prunable_weights, prune

RATE = 0.2  # fraction of the remaining weights that every level prunes


def main(levels: int, epochs: int) -> None:
    """Train, prune and train again, printing a line per level."""
    torch.manual_seed(0)
    data = load_mnist1d()
    loader = DataLoader(TensorDataset(data.train.inputs, data.train.targets), 64, shuffle=True, drop_last=True)
    model = nn.Sequential(nn.Linear(40, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10))
    first_weights = copy.deepcopy(model.state_dict())
    schedule = SCyc(delta=0.17, epsilon=0.25, beta=5, q=1, p=RATE)
    masks = Masks.dense(model, prunable_weights(model))
    for level in range(levels):
        if level:
            masks = prune(magnitude(model.state_dict(), masks), masks, rate=RATE, level=level)
            model.load_state_dict(first_weights)
        optimizer = torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.9, weight_decay=5e-4)  # LevelLR sets lr
        masks.bind(model).attach(optimizer)  # from now on, every step keeps pruned weights at zero
        scheduler = LevelLR(optimizer, schedule, epochs * len(loader), WarmupStep(0.3, (0.5, 0.8)), level)
        for _ in range(epochs):
            for inputs, targets in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(inputs), targets).backward()
                optimizer.step()
                scheduler.step()  # once per mini-batch
        with torch.no_grad():
            accuracy = (model(data.test.inputs).argmax(1) == data.test.targets).float().mean()
        print(f"level {level}: density {masks.density:.1%}, max_lr {schedule(level):.3f}, accuracy {accuracy:.1%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=10)
    given = parser.parse_args()
    main(given.levels, given.epochs)
