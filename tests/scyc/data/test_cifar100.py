from __future__ import annotations

import hashlib
import tarfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from scyc.data import load_cifar100
from scyc.errors import InputError
from tests.scyc.data.python2 import python2_pickle

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from scyc.data import Dataset


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCYC_DATA", raising=False)
    monkeypatch.delenv("SCYC_DOWNLOAD", raising=False)


def batch(numbers: range) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Pixels whose first column numbers the images, fine labels four times that number, coarse ones a twentieth."""
    pixels = np.random.default_rng(numbers.start).integers(0, 256, (len(numbers), 3072), dtype=np.uint8)
    pixels[:, 0] = numbers
    return pixels, 4 * pixels[:, 0], pixels[:, 0] // 5


def write(root: Path, version: str) -> Path:
    folder = root / ("cifar-100-python" if version == "py" else "cifar-100-binary")
    folder.mkdir(parents=True)
    for name, numbers in (("train", range(20)), ("test", range(20, 24))):
        pixels, fine, coarse = batch(numbers)
        if version == "py":
            (folder / name).write_bytes(python2_pickle(pixels, coarse_labels=coarse, fine_labels=fine))
        else:
            np.concatenate([coarse[:, None], fine[:, None], pixels], axis=1).tofile(folder / f"{name}.bin")
    return folder


def check(data: Dataset) -> None:
    assert data.num_classes == 100
    originals = np.concatenate([batch(range(20))[0], batch(range(20, 24))[0]]).reshape(-1, 3, 32, 32)
    mean = torch.tensor([0.5071, 0.4865, 0.4409]).view(3, 1, 1)
    std = torch.tensor([0.2673, 0.2564, 0.2762]).view(3, 1, 1)
    seen = []
    for split, size in ((data.train, 18), (data.validation, 2), (data.test, 4)):
        assert len(split) == size
        pixels = ((split.inputs * std + mean) * 255).round().to(torch.uint8)
        numbers = pixels[:, 0, 0, 0].long()
        assert torch.equal(pixels, torch.tensor(originals)[numbers])
        assert torch.equal(4 * numbers, split.targets)
        seen.append(set(numbers.tolist()))
    assert seen[0] | seen[1] == set(range(20))
    assert seen[2] == set(range(20, 24))


@pytest.mark.parametrize("version", ["py", "bin"])
def test_reads_both_versions(tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, version)
    check(load_cifar100(tmp_path))
    monkeypatch.setenv("SCYC_DATA", str(tmp_path))
    check(load_cifar100())


def test_missing_says_where_and_how(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_cifar100(tmp_path)
    for part in (
        "CIFAR-100 is neither in",
        str(tmp_path / "cifar-100-python"),
        str(tmp_path / "cifar-100-binary"),
        "torchvision.datasets.CIFAR100(",
        "SCYC_DATA",
        "SCYC_DOWNLOAD=1",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize("version", ["py", "bin"])
@pytest.mark.parametrize("name", ["train", "test"])
def test_truncated_files_are_named(tmp_path: Path, version: str, name: str) -> None:
    (path,) = write(tmp_path, version).glob(f"{name}*")
    content = path.read_bytes()
    for length in (0, 1, len(content) // 3, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(InputError, match=rf"{name}.* is truncated or not a CIFAR-100 batch"):
            load_cifar100(tmp_path)


def test_files_cut_between_images_are_noticed(tmp_path: Path) -> None:
    path = write(tmp_path, "bin") / "train.bin"
    path.write_bytes(path.read_bytes()[:-3074])
    with pytest.raises(InputError, match=r"numbers of images that do not belong together .*train.bin: 19, test.bin: 4"):
        load_cifar100(tmp_path)


def test_pickles_cannot_run_programs(tmp_path: Path) -> None:
    path = write(tmp_path, "py") / "train"
    path.write_bytes(b"cbuiltins\nprint\n(S'sprung'\ntR.")
    with pytest.raises(InputError, match=r"train .*builtins.print, which has no business there"):
        load_cifar100(tmp_path)


# torchvision unpacks the archive without saying which members it trusts, about which Python 3.12 and 3.13 warn.
@pytest.mark.filterwarnings("ignore:Python 3.14 will, by default, filter:DeprecationWarning")
def test_downloads_when_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, website: str) -> None:
    archive = tmp_path / "server" / "cifar.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(write(tmp_path / "original", "py"), "cifar-100-python")
    monkeypatch.setattr("torchvision.datasets.CIFAR100.url", f"{website}/{archive.name}")
    monkeypatch.setattr("torchvision.datasets.CIFAR100.tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    monkeypatch.setenv("SCYC_DOWNLOAD", "1")
    check(load_cifar100(tmp_path / "root"))
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["cifar-100-python"]
