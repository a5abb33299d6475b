"""CIFAR-10 (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html): 32 x 32 colour images of ten classes."""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np

from scyc.data.dataset import Dataset
from scyc.data.images import labelled_images, normalised
from scyc.data.sources import data_root, download_allowed, download_into, optional_module
from scyc.data.splitting import hold_out
from scyc.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

PYTHON_FOLDER = "cifar-10-batches-py"
BINARY_FOLDER = "cifar-10-batches-bin"
NUM_CLASSES = 10
VALIDATION_FRACTION = 1 / 10  # 5,000 of the 50,000 training images
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)  # of the training pixels, on the scale 0..1

_BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
_PIXELS = 3 * 32 * 32


def load_cifar10(root: Path | str | None = None, *, download: bool | None = None) -> Dataset:
    """Load CIFAR-10: 45,000 training, 5,000 validation and 10,000 test images of shape (3, 32, 32).

    It is looked for as the Python version, where torchvision puts it (`root/cifar-10-batches-py`), then as the binary
    version (`root/cifar-10-batches-bin`).

    Args:
        root: data folder; None means `$SCYC_DATA`, else `data`.
        download: whether it may be downloaded (170 MB); None means only if `SCYC_DOWNLOAD=1`.

    Raises:
        InputError: the data set is missing, damaged, or could not be downloaded.
    """
    root = data_root(root)
    files = _find(root)
    if files is None and download_allowed(download):
        download_into(root, PYTHON_FOLDER, _download)
        files = _find(root)
    if files is None:
        raise InputError(
            f"CIFAR-10 is neither in {root / PYTHON_FOLDER} nor in {root / BINARY_FOLDER}: let it be downloaded by "
            "setting SCYC_DOWNLOAD=1 or with "
            f"""`python -c "import torchvision; torchvision.datasets.CIFAR10('{root}', download=True)"`, """
            f"or set SCYC_DATA to the folder that holds {PYTHON_FOLDER} or {BINARY_FOLDER}."
        )

    batches = [_read(path) for path in files]
    if {len(labels) for _, labels in batches} != {len(batches[0][1])}:
        sizes = ", ".join(f"{path.name}: {len(labels)}" for path, (_, labels) in zip(files, batches, strict=True))
        raise InputError(
            f"The files in {files[0].parent} hold different numbers of images ({sizes}): fetch the data set again."
        )
    pool = [np.concatenate(arrays) for arrays in zip(*batches[:-1], strict=True)]
    train, validation = hold_out(labelled_images(pool[0], pool[1], NUM_CLASSES, files[0].parent), VALIDATION_FRACTION)
    test = labelled_images(*batches[-1], NUM_CLASSES, files[-1])
    return Dataset(
        normalised(train, MEAN, STD), normalised(validation, MEAN, STD), normalised(test, MEAN, STD), NUM_CLASSES
    )


def _find(root: Path) -> list[Path] | None:
    """Return the five training files and the test file of the first version that is complete."""
    for folder, suffix in ((root / PYTHON_FOLDER, ""), (root / BINARY_FOLDER, ".bin")):
        paths = [folder / f"{name}{suffix}" for name in _BATCHES]
        if all(path.is_file() for path in paths):
            return paths
    return None


def _download(folder: Path) -> None:
    # Not `datasets.CIFAR10(..., download=True)`: that would also unpickle everything.
    purpose = "Downloading CIFAR-10"
    source = optional_module("torchvision.datasets", "torchvision", purpose).CIFAR10
    utilities = optional_module("torchvision.datasets.utils", "torchvision", purpose)
    utilities.download_and_extract_archive(source.url, folder, filename=source.filename, md5=source.tgz_md5)


def _read(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return images of shape (N, 3, 32, 32) and labels of shape (N,) of a file of either version."""
    try:
        images, labels = _parse_binary(path) if path.suffix == ".bin" else _parse_pickle(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error}): check its permissions.") from error
    except Exception as error:  # a damaged pickle raises just about anything
        raise InputError(f"{path} is truncated or not a CIFAR-10 batch ({error}): fetch the data set again.") from error
    return images.reshape(-1, 3, 32, 32), labels


def _parse_binary(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    content = path.read_bytes()
    if not content or len(content) % (1 + _PIXELS):
        raise ValueError(f"{len(content)} bytes are not a whole number of images")
    rows = np.frombuffer(content, np.uint8).reshape(-1, 1 + _PIXELS)  # a label, then red, green and blue planes
    return rows[:, 1:], rows[:, 0]


def _parse_pickle(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    # Python 2 wrote these files: latin1 maps its byte strings one to one.
    batch = _BatchUnpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    images, labels = batch["data"], np.array(batch["labels"])
    if images.dtype != np.uint8 or images.shape != (len(labels), _PIXELS) or len(labels) == 0:
        raise ValueError(f"unexpected pixels of type {images.dtype} and shape {images.shape}")
    if labels.ndim != 1 or labels.min() < 0 or labels.max() >= NUM_CLASSES:
        raise ValueError(f"labels outside 0..{NUM_CLASSES - 1}")
    return images, labels.astype(np.uint8)


def _uint8(code: str, *_: object) -> np.dtype[np.uint8]:
    if code not in ("u1", "|u1"):
        raise pickle.UnpicklingError(f"an array of type {code!r}")
    return np.dtype(np.uint8)


class _BatchUnpickler(pickle.Unpickler):
    """Admits what an array of bytes is made of and nothing else.

    A pickle may call anything that it can name, so a file from elsewhere could run any program. This reader lets it
    name three harmless things. Unlike a list of known checksums, it also accepts other images in the same layout.
    """

    def find_class(self, module: str, name: str) -> Any:
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return np.empty(0).__reduce__()[0]  # wherever this version of NumPy keeps it
        if (module, name) == ("numpy", "ndarray"):
            return np.ndarray
        if (module, name) == ("numpy", "dtype"):
            return _uint8
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which has no business there")
