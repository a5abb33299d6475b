"""The files of CIFAR-10 and CIFAR-100, in the Python and in the binary version."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scyc.data.images import labelled_images, normalised_dataset
from scyc.data.sources import download_allowed, download_into, optional_module
from scyc.data.splitting import hold_out
from scyc.errors import DataNotFound, InputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from scyc.data.dataset import Dataset

VALIDATION_FRACTION = 1 / 10  # 5,000 of the 50,000 training images

_PIXELS = 3 * 32 * 32
_TRAINING_PER_TEST = 5  # 50,000 training images, 10,000 test images


@dataclass(frozen=True)
class Cifar:
    """One of the two data sets.

    Attributes:
        name: for messages.
        torchvision: name of torchvision's class.
        python_folder: of the Python version, where torchvision puts it.
        binary_folder: of the binary version.
        files: training files, then the test file, as the Python version calls them; the binary version appends `.bin`.
        label_key: of the labels in a file of the Python version.
        label_bytes: before an image in a file of the binary version; the last one is the label.
        num_classes: number of classes.
        mean: of the training pixels, per channel, on the scale 0..1.
        std: likewise.
    """

    name: str
    torchvision: str
    python_folder: str
    binary_folder: str
    files: tuple[str, ...]
    label_key: str
    label_bytes: int
    num_classes: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def load(self, root: Path, download: bool | None) -> Dataset:
        """Load training, validation and test images of shape (3, 32, 32).

        Args:
            root: data folder.
            download: whether it may be downloaded; None means only if `SCYC_DOWNLOAD=1`.

        Raises:
            DataNotFound: the data set is missing.
        InputError: it is damaged, or could not be downloaded.
        """
        files = self._find(root)
        if files is None and download_allowed(download):
            download_into(root, self.python_folder, self._download)
            files = self._find(root)
        if files is None:
            raise DataNotFound(
                f"{self.name} is neither in {root / self.python_folder} nor in {root / self.binary_folder}: set "
                'SCYC_DOWNLOAD=1 to download it, or run `python -c "import torchvision; '
                f"torchvision.datasets.{self.torchvision}('{root}', download=True)\"`, "
                f"or set SCYC_DATA to the folder that holds {self.python_folder} or {self.binary_folder}."
            )

        batches = [self._read(path) for path in files]
        counts = [len(labels) for _, labels in batches]
        training_files = len(files) - 1
        if any(count * training_files != counts[-1] * _TRAINING_PER_TEST for count in counts[:-1]):
            sizes = ", ".join(f"{path.name}: {count}" for path, count in zip(files, counts, strict=True))
            raise InputError(
                f"The files in {files[0].parent} hold numbers of images that do not belong together ({sizes}): "
                "fetch the data set again."
            )
        pool = [np.concatenate(arrays) for arrays in zip(*batches[:-1], strict=True)]
        published = labelled_images(pool[0], pool[1], self.num_classes, files[0].parent)
        train, validation = hold_out(published, VALIDATION_FRACTION)
        test = labelled_images(*batches[-1], self.num_classes, files[-1])
        return normalised_dataset((train, validation, test), self.mean, self.std, self.num_classes)

    def _find(self, root: Path) -> list[Path] | None:
        """Return the training files and the test file of the first version that is complete."""
        for folder, suffix in ((root / self.python_folder, ""), (root / self.binary_folder, ".bin")):
            paths = [folder / f"{name}{suffix}" for name in self.files]
            if all(path.is_file() for path in paths):
                return paths
        return None

    def _download(self, folder: Path) -> None:
        # Not torchvision's class with download=True: that would also unpickle everything.
        purpose = f"Downloading {self.name}"
        source = getattr(optional_module("torchvision.datasets", "torchvision", purpose), self.torchvision)
        utilities = optional_module("torchvision.datasets.utils", "torchvision", purpose)
        utilities.download_and_extract_archive(source.url, folder, filename=source.filename, md5=source.tgz_md5)

    def _read(self, path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """Return images of shape (N, 3, 32, 32) and labels of shape (N,) of a file of either version."""
        try:
            images, labels = self._parse_binary(path) if path.suffix == ".bin" else self._parse_pickle(path)
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error}): check its permissions.") from error
        except Exception as error:  # a damaged pickle raises just about anything
            raise InputError(
                f"{path} is truncated or not a {self.name} batch ({error}): fetch the data set again."
            ) from error
        return images.reshape(-1, 3, 32, 32), labels

    def _parse_binary(self, path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        content = path.read_bytes()
        length = self.label_bytes + _PIXELS
        if not content or len(content) % length:
            raise ValueError(f"{len(content)} bytes are not a whole number of images")
        rows = np.frombuffer(content, np.uint8).reshape(-1, length)  # labels, then red, green and blue planes
        return rows[:, self.label_bytes :], rows[:, self.label_bytes - 1]

    def _parse_pickle(self, path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        # Python 2 wrote these files: latin1 maps its byte strings one to one.
        batch = _BatchUnpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
        images, labels = batch["data"], np.array(batch[self.label_key])
        if images.dtype != np.uint8 or images.shape != (len(labels), _PIXELS) or len(labels) == 0:
            raise ValueError(f"unexpected pixels of type {images.dtype} and shape {images.shape}")
        if labels.ndim != 1 or labels.min() < 0 or labels.max() >= self.num_classes:
            raise ValueError(f"labels outside 0..{self.num_classes - 1}")
        return images, labels.astype(np.uint8)


def _uint8(code: str, *_: object) -> np.dtype[np.uint8]:
    if code not in ("u1", "|u1"):
        raise pickle.UnpicklingError(f"an array of type {code!r}")
    return np.dtype(np.uint8)


class _BatchUnpickler(pickle.Unpickler):
    """Reads arrays of bytes, and refuses everything else.

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
