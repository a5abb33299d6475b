"""The workloads of the recorded surfaces that are not built in: small convolutional networks, and less data."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from torch import nn

from scyc.data import Dataset, Split, load_fashion_mnist
from scyc.workloads import Workload, load_workload

TRAINED, JUDGED, TESTED = 4000, 4000, 4000
"""Images of Fashion-MNIST that the small data set trains, validates and tests on."""


def mnist1d_conv() -> Workload:
    """Return MNIST-1D with 8,000 validation signals, for a network of three small convolutions."""
    return replace(load_workload("mnist1d-8k/mlp-300-100"), name="mnist1d-8k-conv", build_model=_signal_network)


def fashion_mlp() -> Workload:
    """Return 4,000 training images of Fashion-MNIST, and as many to judge by, for an MLP."""
    return Workload(
        "fashion-4k-mlp", load_workload("fashion-mnist/mlp-100-50").build_model, partial(_fashion, flat=True)
    )


def fashion_conv() -> Workload:
    """Return the same images for a network of two small convolutions."""
    return Workload("fashion-4k-conv", _image_network, partial(_fashion, flat=False))


def _signal_network() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 40)),
        nn.Conv1d(1, 16, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv1d(16, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv1d(16, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(80, 10),
    )


def _image_network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(784, 10),
    )


def _fashion(*, flat: bool) -> Dataset:
    data = load_fashion_mnist(flat=flat)
    train = data.train.first(TRAINED)
    others = Split(data.train.inputs[TRAINED : TRAINED + JUDGED], data.train.targets[TRAINED : TRAINED + JUDGED])
    return replace(data, train=train, validation=others, test=data.test.first(TESTED), watched=1000)
