"""Images too many for memory: read from their files batch by batch, by worker processes, while the device trains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from scyc.data.dataset import Dataset, Split
from scyc.data.image_files import check_class_names, class_names, find_image_files, read_image
from scyc.data.images import standardised
from scyc.data.splitting import held_out_indices
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, as torchvision's references have them
VALIDATION_FRACTION = 1 / 25  # of the images under `train`; 51,247 of ImageNet's, about as many as it has test images


@dataclass(frozen=True)
class StreamedSplit(Split):
    """Inputs with their targets, where the inputs are image files.

    The same batches come out on every machine; how many worker processes read them is PyTorch's number of threads.

    Attributes:
        inputs: on the meta device: they have a shape, (N, 3, size, size), and no values.
        files: of the images, in the order of `targets`.
    """

    files: tuple[str, ...]

    def batches(self, size: int, order: torch.Tensor | None = None) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield inputs and targets, `size` examples at a time, as `Split.batches` does.

        Raises:
            InputError: a file cannot be read as an image.
        """
        indices = torch.arange(len(self)) if order is None else order.cpu()
        loader = DataLoader(
            _Batches(self.files, self.shape[-1]),
            batch_size=None,
            sampler=[batch.tolist() for batch in torch.split(indices, size)],
            num_workers=torch.get_num_threads(),
            pin_memory=self.device.type == "cuda",
            generator=torch.Generator(),  # or it would draw from the one that the model draws from
        )
        for images, batch in zip(loader, torch.split(indices, size), strict=True):
            if isinstance(images, InputError):
                raise images
            inputs = images.to(self.device, non_blocking=True)
            yield standardised(inputs, MEAN, STD), self.targets.index_select(0, batch.to(self.device))

    def to(self, device: torch.device | str) -> StreamedSplit:
        """Return the split with its batches on `device`."""
        return replace(self, targets=self.targets.to(device))

    def flattened(self) -> Split:
        """Refuse: streamed images cannot become vectors.

        Raises:
            InputError: always.
        """
        raise InputError("Streamed images cannot become vectors; choose a network that takes images.")


def stream_image_folder(path: Path | str, size: int) -> Dataset:
    """Return the images below `path/train/CLASS` and `path/val/CLASS` as a data set that is read while it is used.

    The images under `val` are for testing, as none of ImageNet's own test images has a label; one in 25 of those under
    `train` is held out for validation. Classes are numbered in the order of their names. Each image is scaled so that
    its shorter side is `size` pixels and cut to the square in its middle.

    Args:
        path: folder that holds `train` and `val`.
        size: side of the images in pixels, >= 1.

    Raises:
        InputError: folders or images are missing or do not fit together, or torchvision is not installed.
    """
    path = Path(path)
    classes = class_names(path / "train")
    parts: dict[str, tuple[list[str], list[int]]] = {}
    for name in ("train", "val"):
        if classes and (path / name).is_dir():
            parts[name] = find_image_files(path / name, classes)
        if not parts.get(name, ([], []))[0]:
            raise InputError(
                f"There are no images in {path / name}: they are expected in one folder per class, "
                f"{path / name / 'CLASS'}."
            )
    check_class_names(path / "val", classes)
    train, test = (_split(*parts[name], size) for name in ("train", "val"))
    kept, held_out = held_out_indices(len(train), VALIDATION_FRACTION)
    return Dataset(_chosen(train, kept), _chosen(train, held_out), test, num_classes=len(classes))


def _split(files: Sequence[str], labels: Sequence[int], size: int) -> StreamedSplit:
    inputs = torch.empty(len(files), 3, size, size, device="meta")
    return StreamedSplit(inputs, torch.tensor(labels, dtype=torch.int64), tuple(files))


def _chosen(split: StreamedSplit, indices: torch.Tensor) -> StreamedSplit:
    files = tuple(split.files[index] for index in indices.tolist())
    return StreamedSplit(split.inputs[: len(files)], split.targets[indices], files)


class _Batches(TorchDataset[torch.Tensor | InputError]):
    """What the worker processes read: uint8 images of shape (N, 3, size, size) for N indices; or what went wrong."""

    def __init__(self, files: Sequence[str], size: int) -> None:
        self.files, self.size = files, size

    def __getitem__(self, indices: Sequence[int]) -> torch.Tensor | InputError:
        try:
            return torch.stack([torch.from_numpy(read_image(self.files[index], self.size)) for index in indices])
        except InputError as error:  # raised, it would arrive with a traceback for a message
            return error
