from __future__ import annotations

import hashlib
import pickle
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from scyc.data import load_cifar10
from scyc.errors import InputError
from tests.scyc.data.python2 import python2_pickle

if TYPE_CHECKING:
    import numpy.typing as npt

    from scyc.data import Dataset

NAMES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
PER_FILE = 4


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCYC_DATA", raising=False)
    monkeypatch.delenv("SCYC_DOWNLOAD", raising=False)


def batches() -> dict[str, tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]]:
    """Pixels whose first column numbers the images, and labels that are that number modulo ten."""
    rng = np.random.default_rng(0)
    result = {}
    for i, name in enumerate(NAMES):
        pixels = rng.integers(0, 256, (PER_FILE, 3072), dtype=np.uint8)
        pixels[:, 0] = np.arange(PER_FILE) + i * PER_FILE
        result[name] = pixels, pixels[:, 0] % 10
    return result


def write(root: Path, version: str) -> Path:
    folder = root / f"cifar-10-batches-{version}"
    folder.mkdir(parents=True)
    for name, (pixels, labels) in batches().items():
        if version == "py":
            (folder / name).write_bytes(python2_pickle(pixels, labels=labels))
        else:
            np.concatenate([labels[:, None], pixels], axis=1).tofile(folder / f"{name}.bin")
    return folder


def check(data: Dataset) -> None:
    splits = (data.train, data.validation, data.test)
    assert [len(split) for split in splits] == [18, 2, 4]  # a tenth of the 20 is held out
    mean = torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1)
    std = torch.tensor([0.2470, 0.2435, 0.2616]).view(3, 1, 1)
    originals = np.concatenate([pixels for pixels, _ in batches().values()]).reshape(-1, 3, 32, 32)
    seen = []
    for split in splits:
        assert (split.inputs.dtype, split.targets.dtype) == (torch.float32, torch.int64)
        pixels = ((split.inputs * std + mean) * 255).round().to(torch.uint8)
        numbers = pixels[:, 0, 0, 0].long()
        assert torch.equal(pixels, torch.tensor(originals)[numbers])
        assert torch.equal(numbers % 10, split.targets)
        seen.append(set(numbers.tolist()))
    assert seen[0] | seen[1] == set(range(20))
    assert seen[2] == set(range(20, 24))


@pytest.mark.parametrize("version", ["py", "bin"])
def test_reads_both_versions(tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, version)
    check(load_cifar10(tmp_path))
    monkeypatch.setenv("SCYC_DATA", str(tmp_path))
    check(load_cifar10())


def test_an_incomplete_version_does_not_hide_the_other(tmp_path: Path) -> None:
    (write(tmp_path, "py") / "test_batch").unlink()
    write(tmp_path, "bin")
    check(load_cifar10(tmp_path))


@pytest.mark.parametrize("protocol", [3, 4])
def test_reads_batches_that_python_3_pickled(tmp_path: Path, protocol: int) -> None:
    folder = write(tmp_path, "py")
    for name, (pixels, labels) in batches().items():
        batch = {"data": pixels, "labels": labels.tolist()}
        (folder / name).write_bytes(pickle.dumps(batch, protocol))
    check(load_cifar10(tmp_path))


def test_missing_says_where_and_how(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_cifar10(tmp_path)
    for part in (
        str(tmp_path / "cifar-10-batches-py"),
        str(tmp_path / "cifar-10-batches-bin"),
        "torchvision.datasets.CIFAR10",
        "SCYC_DATA",
        "SCYC_DOWNLOAD=1",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize("version", ["py", "bin"])
@pytest.mark.parametrize("name", ["data_batch_3", "test_batch"])
def test_truncated_files_are_named(tmp_path: Path, version: str, name: str) -> None:
    (path,) = write(tmp_path, version).glob(f"{name}*")
    content = path.read_bytes()
    for length in (0, 1, len(content) // 3, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(InputError, match=rf"{name}.* is truncated or not a CIFAR-10 batch"):
            load_cifar10(tmp_path)


def test_files_cut_between_images_are_noticed(tmp_path: Path) -> None:
    path = write(tmp_path, "bin") / "data_batch_2.bin"
    path.write_bytes(path.read_bytes()[:-3073])
    with pytest.raises(InputError, match=r"numbers of images that do not belong together .*data_batch_2.bin: 3"):
        load_cifar10(tmp_path)


def test_impossible_labels_are_noticed(tmp_path: Path) -> None:
    path = write(tmp_path, "bin") / "test_batch.bin"
    path.write_bytes(b"\x0a" + path.read_bytes()[1:])
    with pytest.raises(InputError, match=r"test_batch.bin holds the label 10"):
        load_cifar10(tmp_path)


class Touch:
    """Creates a file when it is unpickled without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param([0, 1, 2, 300], id="label too large"),
        pytest.param([0, 1, 2, -1], id="negative label"),
        pytest.param([0, 1, 2], id="too few labels"),
        pytest.param(["a", "b", "c", "d"], id="no numbers"),
    ],
)
def test_unfit_pickles_are_refused(tmp_path: Path, labels: list[object]) -> None:
    path = write(tmp_path, "py") / "data_batch_1"
    path.write_bytes(pickle.dumps({"data": batches()["data_batch_1"][0], "labels": labels}, 4))
    with pytest.raises(InputError, match="data_batch_1"):
        load_cifar10(tmp_path)


def test_pickles_cannot_run_programs(tmp_path: Path) -> None:
    path = write(tmp_path, "py") / "data_batch_1"
    trap = tmp_path / "sprung"
    path.write_bytes(pickle.dumps(Touch(trap), 4))
    with pytest.raises(InputError, match=r"data_batch_1 .*has no business there"):
        load_cifar10(tmp_path)
    assert not trap.exists()
    pickle.loads(path.read_bytes())
    assert trap.exists()  # so the trap was a real one


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "py") / "data_batch_1"
    path.write_bytes(pickle.dumps({"data": np.array([[None]]), "labels": [0]}, 4))
    with pytest.raises(InputError, match="an array of type 'O8'"):
        load_cifar10(tmp_path)


# torchvision unpacks the archive without saying which members it trusts, about which Python 3.12 and 3.13 warn.
@pytest.mark.filterwarnings("ignore:Python 3.14 will, by default, filter:DeprecationWarning")
def test_downloads_when_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, website: str) -> None:
    source = "torchvision.datasets.CIFAR10"
    archive = tmp_path / "server" / "cifar.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(write(tmp_path / "original", "py"), "cifar-10-batches-py")
    monkeypatch.setattr(f"{source}.url", f"{website}/{archive.name}")
    monkeypatch.setattr(f"{source}.tgz_md5", "0" * 32)
    root = tmp_path / "root"
    with pytest.raises(InputError, match=r"Downloading cifar-10-batches-py into .* failed"):
        load_cifar10(root, download=True)
    assert list(root.iterdir()) == []

    monkeypatch.setattr(f"{source}.tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    monkeypatch.setenv("SCYC_DOWNLOAD", "1")
    check(load_cifar10(root))
    assert [path.name for path in root.iterdir()] == ["cifar-10-batches-py"]
