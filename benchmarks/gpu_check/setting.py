"""On what the steps work: the device, networks, images that are made up, and how much of everything."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmarks.gpu_check.findings import Left

if TYPE_CHECKING:
    import torch

    from scyc.data import Dataset
    from scyc.protocol import Protocol

Precision = Literal["fp32", "bf16"]
RATES = (0.02, 0.2)


@dataclass(frozen=True)
class Case:
    """A network, and the side length in pixels of its images."""

    network: str
    side: int = 32
    batch: int = 128


@dataclass(frozen=True)
class Setting:
    """How much a step does.

    Attributes:
        small: at the size of a CPU that only shows that the script runs.
        data: a folder with CIFAR-10, or its compact file.
        deadline: by the monotonic clock.
    """

    small: bool
    data: Path | None = None
    deadline: float = float("inf")

    def until(self, deadline: float) -> Setting:
        """Return the same with another deadline."""
        return replace(self, deadline=deadline)

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.deadline - time.monotonic()

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return self.left <= 0

    @property
    def grace(self) -> float:
        """Seconds between asking a step to end and killing it."""
        return 30 if self.small else 10

    @property
    def device(self) -> torch.device:
        """Where to train. To ask is to touch the GPU, which only a step may do."""
        import torch

        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @property
    def cases(self) -> tuple[Case, ...]:
        """The networks, those first that matter most."""
        if self.small:
            return (Case("mlp-20", 4, 8), Case("resnet-8", 8, 8))
        rest = (Case("vgg-19"), Case("vit-small"), Case("resnet-50", 64))
        return (Case("resnet-20"), Case("mlp-300-100", 28), *rest)

    @property
    def first(self) -> Case:
        """The network that everything but the comparison of engines is about."""
        return Case("resnet-8", 8, 8) if self.small else Case("resnet-20")

    @property
    def together(self) -> tuple[int, ...]:
        """Numbers of candidates to train together."""
        return (1, 2) if self.small else (1, 16, 64, 4)

    def gpu(self) -> torch.device:
        """Return the GPU.

        Raises:
            Left: there is none.
        """
        if self.device.type != "cuda":
            raise Left("there is no GPU here")
        return self.device


def images(case: Case, count: int, device: torch.device, classes: int = 10) -> Dataset:
    """Return a data set of noise around one image per class: a GPU takes as long for it as for real images."""
    import torch

    from scyc.data import Dataset, Split
    from scyc.models import find_network

    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(classes, 3, case.side, case.side, generator=generator)

    def split(size: int) -> Split:
        targets = torch.arange(size) % classes
        return Split(centres[targets] + 3 * torch.randn(size, *centres.shape[1:], generator=generator), targets)

    data = Dataset(split(count), split(count // 4), split(count // 4), classes)
    return (data.flattened() if find_network(case.network).flat else data).to(device)


def protocol_of(case: Case, precision: Precision, data: Dataset, epochs: int = 2) -> Protocol:
    """Return how a network is trained."""
    from scyc.data import CropFlip
    from scyc.models import find_network
    from scyc.protocol import Protocol
    from scyc.training.recipe import Recipe
    from scyc.workloads import Workload

    network = find_network(case.network)
    workload = Workload(
        case.network,
        build_model=lambda: network.build(data.train.shape, data.num_classes),
        load_data=lambda: data,
        augmentation=None if network.flat else CropFlip(),
    )
    return Protocol(workload, Recipe(epochs=epochs, batch_size=case.batch, precision=precision))


def engines_for(protocol: Protocol) -> list[str]:
    """Return the engines that a GPU has for a network, the reference first. On a CPU their steps are not recorded."""
    import torch

    from scyc.bench import possible

    return possible(protocol, torch.device("cuda"))
