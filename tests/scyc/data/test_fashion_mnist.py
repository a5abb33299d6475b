from __future__ import annotations

import gzip
import hashlib
import struct
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from scyc.data import fashion_mnist, load_fashion_mnist
from scyc.data.idx import read_idx
from scyc.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from scyc.data import Dataset

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide what this machine has installed and set."""
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.delenv("SCYC_DATA", raising=False)
    monkeypatch.delenv("SCYC_DOWNLOAD", raising=False)


def idx(array: npt.NDArray[np.uint8]) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def arrays(train: int = 24, test: int = 8) -> list[npt.NDArray[np.uint8]]:
    """Images whose first pixel numbers them, and labels that are that number modulo ten."""
    rng = np.random.default_rng(0)
    parts = []
    for numbers in (np.arange(train), np.arange(train, train + test)):
        images = rng.integers(0, 256, (len(numbers), 28, 28), dtype=np.uint8)
        images[:, 0, 0] = numbers
        parts += [images, (numbers % 10).astype(np.uint8)]
    return parts


def write(folder: Path, suffix: str = "") -> Path:
    folder.mkdir(parents=True)
    for name, array in zip(NAMES, arrays(), strict=True):
        content = idx(array)
        (folder / f"{name}{suffix}").write_bytes(gzip.compress(content) if suffix else content)
    return folder


def check(data: Dataset) -> None:
    splits = (data.train, data.validation, data.test)
    assert [len(split) for split in splits] == [22, 2, 8]  # a twelfth of the 24 is held out
    numbers = []
    for split in splits:
        assert split.inputs.shape[1:] == (1, 28, 28)
        assert (split.inputs.dtype, split.targets.dtype) == (torch.float32, torch.int64)
        first_pixels = ((split.inputs[:, 0, 0, 0] * 0.3530 + 0.2860) * 255).round().long()
        assert torch.equal(first_pixels % 10, split.targets)
        numbers.append(set(first_pixels.tolist()))
    assert numbers[0] | numbers[1] == set(range(24))
    assert numbers[2] == set(range(24, 32))


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_torchvisions_layout(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "FashionMNIST" / "raw", suffix)
    check(load_fashion_mnist(tmp_path))
    monkeypatch.setenv("SCYC_DATA", str(tmp_path))
    check(load_fashion_mnist())


def test_folder_data_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "data" / "FashionMNIST" / "raw")
    monkeypatch.chdir(tmp_path)
    check(load_fashion_mnist())


def test_debians_layout(tmp_path: Path) -> None:
    write(tmp_path / "debian", ".gz")
    incomplete = write(tmp_path / "FashionMNIST" / "raw")
    (incomplete / NAMES[3]).unlink()
    check(load_fashion_mnist(tmp_path))


def test_flat_gives_the_same_as_vectors(tmp_path: Path) -> None:
    write(tmp_path / "FashionMNIST" / "raw")
    images, vectors = load_fashion_mnist(tmp_path), load_fashion_mnist(tmp_path, flat=True)
    assert torch.equal(images.validation.inputs.flatten(1), vectors.validation.inputs)
    assert vectors.train.inputs.shape == (22, 784)


def test_missing_says_where_and_how(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_fashion_mnist(tmp_path)
    for part in (
        str(tmp_path / "FashionMNIST" / "raw"),
        str(tmp_path / "debian"),
        "apt-get install dataset-fashion-mnist",
        "torchvision.datasets.FashionMNIST",
        "SCYC_DATA",
        "SCYC_DOWNLOAD=1",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("name", NAMES)
def test_truncated_files_are_named(tmp_path: Path, name: str, suffix: str) -> None:
    path = write(tmp_path / "FashionMNIST" / "raw", suffix) / f"{name}{suffix}"
    content = path.read_bytes()
    for length in (0, 3, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(InputError, match=name):
            load_fashion_mnist(tmp_path)


def test_damaged_compressed_data_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "FashionMNIST" / "raw", ".gz") / f"{NAMES[0]}.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match=NAMES[0]):
        load_fashion_mnist(tmp_path)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        (NAMES[0], np.zeros((24, 20, 20), np.uint8), r"images of shape \(20, 20\)"),
        (NAMES[0], np.zeros(24, np.uint8), "not an IDX file .* 3 dimension"),
        (NAMES[1], np.zeros(23, np.uint8), "23 labels for 24 images"),
        (NAMES[3], np.full(8, 10, np.uint8), "the label 10"),
    ],
)
def test_files_that_do_not_fit_are_named(tmp_path: Path, name: str, array: npt.NDArray[np.uint8], message: str) -> None:
    path = write(tmp_path / "FashionMNIST" / "raw") / name
    path.write_bytes(idx(array))
    with pytest.raises(InputError, match=f"{name}.*{message}"):
        load_fashion_mnist(tmp_path)


def test_idx_of_another_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "floats"
    path.write_bytes(struct.pack(">HBBIf", 0, 0x0D, 1, 1, 1.0))
    with pytest.raises(InputError, match="floats is not an IDX file of unsigned bytes"):
        read_idx(path, dimensions=1)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, website: str) -> Path:
    """The folder of the website that torchvision downloads from."""
    folder = write(tmp_path / "server", ".gz")
    files = [folder / f"{name}.gz" for name in NAMES]
    resources = [(path.name, hashlib.md5(path.read_bytes()).hexdigest()) for path in files]
    monkeypatch.setattr("torchvision.datasets.FashionMNIST.mirrors", [f"{website}/"])
    monkeypatch.setattr("torchvision.datasets.FashionMNIST.resources", resources)
    return folder


@pytest.mark.usefixtures("server")
def test_downloads_when_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "new" / "root"
    with pytest.raises(InputError, match="neither in"):
        load_fashion_mnist(root)
    monkeypatch.setenv("SCYC_DOWNLOAD", "1")
    with pytest.raises(InputError, match="neither in"):
        load_fashion_mnist(root, download=False)
    check(load_fashion_mnist(root))
    assert [path.name for path in root.iterdir()] == ["FashionMNIST"]  # no scratch folder stays behind
    check(load_fashion_mnist(root, download=False))


def test_failed_download_leaves_nothing_behind(tmp_path: Path, server: Path) -> None:
    (server / f"{NAMES[2]}.gz").write_bytes(b"tampered with")
    root = tmp_path / "root"
    with pytest.raises(InputError, match=r"Downloading FashionMNIST into .* failed"):
        load_fashion_mnist(root, download=True)
    assert list(root.iterdir()) == []


def test_download_without_torchvision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)
    with pytest.raises(InputError, match=r"needs torchvision.*pip install "):
        load_fashion_mnist(tmp_path, download=True)
