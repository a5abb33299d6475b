"""Images too many for memory: read from their files batch by batch, by worker processes, while the device trains."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from scyc.data.class_folders import check_class_names, check_every_class, find_images, listed, part_folders
from scyc.data.dataset import Dataset, Reading, Split
from scyc.data.image_files import in_words
from scyc.data.image_folder import training_classes
from scyc.data.images import standardised
from scyc.data.pixels import read_image
from scyc.data.splitting import held_out_indices
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, as torchvision's references have them
VALIDATION_FRACTION = 1 / 25  # of the images under `train`; 51,247 of ImageNet's, about as many as it has test images
LOOKED_AT = 8
"""How many images of a folder are read before the training."""


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

    def first(self, count: int) -> StreamedSplit:
        """Return the first `count` images, in their order."""
        return StreamedSplit(self.inputs[:count], self.targets[:count], self.files[:count])

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

    The images under `val` are for testing, as none of ImageNet's own test images has a label; without them, those under
    `test`. One in 25 of those under `train` is held out for validation. The folders may also be called as `PART_NAMES`
    has it. Classes are numbered in the order of their names. Each image is scaled so that its shorter side is `size`
    pixels and cut to the square in its middle. A few images of each folder are read at once, to find what cannot be
    read.

    Args:
        path: folder that holds `train` and `val`.
        size: side of the images in pixels, >= 1.

    Raises:
        InputError: folders or images are missing or do not fit together, an image cannot be read without loss, or a
            package for reading images is not installed.
    """
    path = Path(path)
    folders, others = part_folders(path)
    classes = training_classes(path, folders, others)
    training = folders["train"]
    testing = folders.get("val") or folders.get("test") or path / "val"
    unused = [*others, *(folder.name for folder in folders.values() if folder not in (training, testing))]
    notes = [f"not used in {path}: {', '.join(unused)}"] if unused else []
    splits = {}
    for folder in (training, testing):
        images = find_images(folder, classes) if folder.is_dir() else None
        if images is None or not images.paths:
            raise InputError(
                f"There are no images in {folder}: they are expected in one folder per class, {folder / 'CLASS'}."
            )
        check_class_names(folder, classes)
        if folder == training:
            check_every_class(images, folder, classes)
        splits[folder] = _split(images.paths, images.labels, size)
        if images.left_out:
            notes.append(f"left out of {folder.name}: {listed(images.left_out)}")
        notes.extend(_looked_at(images.paths, size, folder.name))
    train, test = splits.values()
    kept, held_out = held_out_indices(len(train), VALIDATION_FRACTION)
    return Dataset(
        _chosen(train, kept),
        _chosen(train, held_out),
        test,
        num_classes=len(classes),
        reading=Reading(classes=tuple(classes), notes=(*notes, "held out from the training examples: val")),
    )


def _looked_at(paths: Sequence[str], size: int, name: str) -> Iterator[str]:
    """Read a few images, and say in a phrase what is special about them."""
    some = paths[:: max(1, len(paths) // LOOKED_AT)][:LOOKED_AT]
    remarks = Counter(remark for path in some for remark in read_image(path, size).remarks)
    if remarks:
        yield f"among {len(some)} of {name}: {', '.join(in_words(remarks))}"


def _split(files: Sequence[str], labels: Sequence[int], size: int) -> StreamedSplit:
    inputs = torch.empty(len(files), 3, size, size, device="meta")
    return StreamedSplit(inputs, torch.tensor(labels, dtype=torch.int64), tuple(files))


def _chosen(split: StreamedSplit, indices: torch.Tensor) -> StreamedSplit:
    files = tuple(split.files[index] for index in indices.tolist())
    return StreamedSplit(split.inputs[: len(files)], split.targets[indices], files)


class _Batches(TorchDataset[torch.Tensor | InputError]):
    """What the worker processes read: images of shape (N, 3, size, size), on the scale 0..255; or what went wrong."""

    def __init__(self, files: Sequence[str], size: int) -> None:
        self.files, self.size = files, size

    def __getitem__(self, indices: Sequence[int]) -> torch.Tensor | InputError:
        try:
            return torch.from_numpy(np.stack([read_image(self.files[i], self.size).pixels for i in indices]))
        except InputError as error:  # raised, it would arrive with a traceback for a message
            return error
