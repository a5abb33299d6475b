"""CIFAR-10 from a folder, or from a compact file that travels easily.

The compact file is an `.npz`. Under the name of each of the six batches it has a JPEG, the images beside and below each
other, row by row, and under `NAME_labels` their labels.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

NAMES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
SIDE = 32


def data_folder(path: Path, into: Path) -> Path:
    """Return a folder where `scyc` finds CIFAR-10: `path`, or `into`, where the compact file `path` is unpacked."""
    if path.is_dir():
        return path
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    folder = into / "cifar-10-batches-bin"
    folder.mkdir(parents=True, exist_ok=True)
    with np.load(path) as compact:
        for name in NAMES:
            labels = compact[f"{name}_labels"].astype(np.uint8)
            mosaic = np.asarray(Image.open(io.BytesIO(compact[name].tobytes())).convert("RGB"))
            down, across = (length // SIDE for length in mosaic.shape[:2])
            images = mosaic.reshape(down, SIDE, across, SIDE, 3).transpose(0, 2, 4, 1, 3).reshape(down * across, -1)
            np.concatenate([labels[:, None], images[: len(labels)]], axis=1).tofile(folder / f"{name}.bin")
    return into
