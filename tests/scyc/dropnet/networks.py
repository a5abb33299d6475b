"""Small networks and data, and the oracle in its plainest form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from scyc.data import Split
from scyc.models import mlp

if TYPE_CHECKING:
    from collections.abc import Callable

    from scyc.dropnet import HiddenLayer, Units

CLASSES = 3


def batch_normed() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(2, 5, 3, padding=1, bias=False),
        *(nn.BatchNorm2d(5), nn.ReLU(inplace=True), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(5, 4, 3), nn.Tanh(), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1)),
        *(nn.Flatten(), nn.Linear(4, 6), nn.LeakyReLU(), nn.Dropout(0.5), nn.Linear(6, CLASSES)),
    )


def convolutional() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(2, 5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(5, 5, 3, padding=1, groups=5), nn.ReLU()),
        *(nn.Conv2d(5, 6, 2, padding=1, padding_mode="circular"), nn.GELU()),
        *(nn.Flatten(), nn.Linear(6 * 4 * 4, 7), nn.ReLU(), nn.Linear(7, CLASSES)),
    )


# By name, a network and the shape of its inputs.
NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "mlp": (lambda: mlp(6, (9, 5), CLASSES), (6,)),
    "deep mlp": (lambda: mlp(6, (4, 8, 3, 5), CLASSES), (6,)),
    "convolutional": (convolutional, (2, 6, 6)),
    "batch norm": (batch_normed, (2, 6, 6)),
}


def build(name: str, seed: int = 0) -> nn.Module:
    """A network in double precision, with BatchNorm statistics that are not the initial ones."""
    network, shape = NETWORKS[name]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = network().double()
        model.train()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.bias)
        model(torch.randn(40, *shape, dtype=torch.float64) + 0.3)
    return model.eval()


def examples(name: str, number: int = 50, seed: int = 1) -> Split:
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(number, *NETWORKS[name][1], generator=generator, dtype=torch.float64)
    return Split(inputs, torch.randint(CLASSES, (number,), generator=generator))


@torch.no_grad()
def plain_losses(
    model: nn.Module, layers: tuple[HiddenLayer, ...], units: Units, split: Split
) -> dict[str, torch.Tensor]:
    """The loss without each unit: its parameters set to zero, and the whole network run."""
    found = {layer.name: torch.full((layer.width,), torch.inf, dtype=torch.float64) for layer in layers}
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    for layer in layers:
        for unit in units.kept[layer.name].nonzero().flatten().tolist():
            for name in layer.parameters:
                model.get_parameter(name)[unit] = 0
            found[layer.name][unit] = F.cross_entropy(model.eval()(split.inputs), split.targets)
            model.load_state_dict(state)
    return found
