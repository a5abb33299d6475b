from __future__ import annotations

import gzip
import hashlib
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from scyc.data import load_mnist
from scyc.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from scyc.data import Dataset

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCYC_DATA", raising=False)
    monkeypatch.delenv("SCYC_DOWNLOAD", raising=False)


def write(folder: Path, suffix: str = "") -> Path:
    """24 training and 8 test images whose first pixel numbers them; labels are that number modulo ten."""
    folder.mkdir(parents=True)
    for part, numbers in ((NAMES[:2], np.arange(24)), (NAMES[2:], np.arange(24, 32))):
        images = np.zeros((len(numbers), 28, 28), np.uint8)
        images[:, 0, 0] = numbers
        for name, array in zip(part, (images, (numbers % 10).astype(np.uint8)), strict=True):
            content = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
            (folder / f"{name}{suffix}").write_bytes(gzip.compress(content) if suffix else content)
    return folder


def check(data: Dataset) -> None:
    numbers = []
    for split, size in ((data.train, 22), (data.validation, 2), (data.test, 8)):
        assert split.inputs.shape == (size, 1, 28, 28)
        first_pixels = ((split.inputs[:, 0, 0, 0] * 0.3081 + 0.1307) * 255).round().long()
        assert torch.equal(first_pixels % 10, split.targets)
        numbers.append(set(first_pixels.tolist()))
    assert numbers[0] | numbers[1] == set(range(24))
    assert numbers[2] == set(range(24, 32))


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_torchvisions_layout(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "MNIST" / "raw", suffix)
    check(load_mnist(tmp_path))
    monkeypatch.setenv("SCYC_DATA", str(tmp_path))
    check(load_mnist())


def test_missing_says_where_and_how(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_mnist(tmp_path)
    for part in (str(tmp_path / "MNIST" / "raw"), "torchvision.datasets.MNIST", "SCYC_DATA", "SCYC_DOWNLOAD=1"):
        assert part in str(caught.value)


def test_downloads_when_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, website: str) -> None:
    files = [write(tmp_path / "server", ".gz") / f"{name}.gz" for name in NAMES[:1]]
    files += [files[0].parent / f"{name}.gz" for name in NAMES[1:]]
    resources = [(path.name, hashlib.md5(path.read_bytes()).hexdigest()) for path in files]
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", [f"{website}/"])
    monkeypatch.setattr("torchvision.datasets.MNIST.resources", resources)
    monkeypatch.setenv("SCYC_DOWNLOAD", "1")
    with pytest.raises(InputError, match="MNIST is not in"):
        load_mnist(tmp_path / "root", download=False)
    check(load_mnist(tmp_path / "root"))
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["MNIST"]
