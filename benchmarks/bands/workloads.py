"""Workloads with far more validation examples than a study would have: the first ones judge, the others tell the truth.

The data say how many judge: those on which a training is watched.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from scyc.data import Dataset, Split, load_fashion_mnist, load_mnist1d
from scyc.data.mnist1d import generate_fresh
from scyc.workloads import Workload, load_workload

_MORE = 20_000
"""Fresh MNIST-1D signals."""

_WATCHED, _TESTED = 2000, 1000
"""Fashion-MNIST: validation images that judge, and test images that remain; the other 12,000 tell the truth."""


def mnist1d() -> Workload:
    """Return MNIST-1D with its 800 validation signals and 20,000 fresh ones, for an MLP."""
    return replace(load_workload("mnist1d/mlp-300-100"), name="mnist1d-20k", load_data=_mnist1d)


def fashion_mnist() -> Workload:
    """Return Fashion-MNIST with 2,000 held-out images, and 12,000 others that are not trained on, for an MLP."""
    mlp = load_workload("fashion-mnist/mlp-300-100")
    return replace(mlp, name="fashion-mnist-12k", load_data=_fashion_mnist)


def _mnist1d() -> Dataset:
    published = load_mnist1d()
    signals, labels = generate_fresh(_MORE)
    fresh = Split(torch.tensor(signals, dtype=torch.float32), torch.tensor(labels))
    return replace(published, validation=_joined(published.validation, fresh), watched=len(published.validation))


def _fashion_mnist() -> Dataset:
    data = load_fashion_mnist(flat=True)
    tested = data.test.first(_TESTED)
    others = Split(data.test.inputs[_TESTED:], data.test.targets[_TESTED:])
    return replace(data, validation=_joined(data.validation, others), test=tested, watched=_WATCHED)


def _joined(*splits: Split) -> Split:
    return Split(torch.cat([one.inputs for one in splits]), torch.cat([one.targets for one in splits]))
