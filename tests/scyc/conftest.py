from __future__ import annotations

import pytest
import torch

from scyc.data import Dataset, Split

CLASSES, FEATURES = 4, 8


@pytest.fixture(scope="session")
def blobs() -> Dataset:
    """Four well separated clouds of points: 320 for training, 80 for validation, 80 for testing."""
    generator = torch.Generator().manual_seed(0)
    centres = 3 * torch.randn(CLASSES, FEATURES, generator=generator)

    def split(examples: int) -> Split:
        targets = torch.arange(examples) % CLASSES
        return Split(centres[targets] + torch.randn(examples, FEATURES, generator=generator), targets)

    return Dataset(split(320), split(80), split(80), num_classes=CLASSES)
