"""ImageNet (ILSVRC 2012; Russakovsky et al., IJCV 2015): 1.28 million colour images of 1,000 classes, streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc.data.class_folders import class_names
from scyc.data.sources import data_root
from scyc.data.streamed import stream_image_folder
from scyc.errors import DataNotFound

if TYPE_CHECKING:
    from pathlib import Path

    from scyc.data.dataset import Dataset

FOLDER = "imagenet"
NUM_CLASSES = 1000


def load_imagenet(size: int = 224, root: Path | str | None = None) -> Dataset:
    """Load ImageNet as `stream_image_folder` does: the published validation images are for testing.

    It is looked for as torchvision leaves it: `root/imagenet/train/CLASS/*.JPEG` and `root/imagenet/val/CLASS/*.JPEG`,
    with a folder for each of the 1,000 classes (n01440764, ...). It may not be passed on, so nothing downloads it.

    Args:
        size: side of the images in pixels, >= 1; 64 makes it train a dozen times faster.
        root: data folder; None means `$SCYC_DATA`, else `data`.

    Raises:
        DataNotFound: the data set is missing or incomplete.
        InputError: a package for reading images is not installed.
    """
    folder = data_root(root) / FOLDER
    found = {part: len(class_names(folder / part)) for part in ("train", "val")}
    if set(found.values()) != {NUM_CLASSES}:
        raise DataNotFound(
            f"ImageNet is not in {folder}, where train has {found['train']} class folders and val {found['val']}, not "
            f"{NUM_CLASSES} each: get its archives from image-net.org, let torchvision.datasets.ImageNet unpack them "
            f"there, or set SCYC_DATA to the folder that holds {FOLDER}."
        )
    return stream_image_folder(folder, size)
