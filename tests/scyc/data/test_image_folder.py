from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from scyc.data import load_image_folder
from scyc.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import torch

CLASSES = ("ant", "bee", "cat")


def write(folder: Path, parts: str = "train", count: int = 36, size: tuple[int, int] = (9, 7), start: int = 0) -> Path:
    """In each part, images of `size` (width, height) whose red is their number; class i has every third one."""
    for part in parts.split():
        for i in range(start, start + count):
            place = folder / part / CLASSES[i % 3]
            place.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", size, (i, 100, 50)).save(place / f"{i:03}.png")
        start += count
    return folder


def reds(inputs: torch.Tensor) -> list[float]:
    return [round(float(value), 4) for value in inputs[:, 0, 0, 0]]


def test_missing_splits_are_held_out(tmp_path: Path) -> None:
    data = load_image_folder(write(tmp_path))
    splits = (data.train, data.validation, data.test)
    assert [len(split) for split in splits] == [29, 3, 4]
    assert data.num_classes == 3
    assert data.train.inputs.shape == (29, 3, 7, 9)
    found = sorted(
        (red, int(label)) for split in splits for red, label in zip(reds(split.inputs), split.targets, strict=True)
    )
    assert [label for _, label in found] == [i % 3 for i in range(36)]
    assert len({red for red, _ in found}) == 36


@pytest.mark.parametrize(("parts", "sizes"), [("train val", [32, 36, 4]), ("train test", [32, 4, 36]),
                                              ("train val test", [36, 36, 36])])  # fmt: skip
def test_given_splits_are_taken(tmp_path: Path, parts: str, sizes: list[int]) -> None:
    data = load_image_folder(write(tmp_path, parts))
    splits = (data.train, data.validation, data.test)
    assert [len(split) for split in splits] == sizes
    found = [set(reds(split.inputs)) for split in splits]
    assert len(set().union(*found)) == sum(sizes)


def test_images_are_scaled_and_cut(tmp_path: Path) -> None:
    write(tmp_path, size=(20, 10))
    with pytest.raises(
        InputError, match=r"000.png is 10 x 20 pixels, but .*\.png is 20 x 10|is 20 x 10 pixels, but .* is 10 x 20"
    ):
        load_image_folder(write(tmp_path, size=(10, 20), count=1))
    assert load_image_folder(tmp_path, size=8).train.inputs.shape == (29, 3, 8, 8)


def test_every_format_becomes_colour(tmp_path: Path) -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    for i in range(12):
        place = tmp_path / "train" / CLASSES[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(grey)
        image.convert(["L", "RGB", "P", "CMYK"][i % 4]).save(place / f"{i}.{['png', 'bmp', 'png', 'jpg'][i % 4]}")
        (place / "notes.txt").write_text("no image")
    data = load_image_folder(tmp_path)
    assert data.train.inputs.shape[1:] == (3, 8, 8)
    assert sum(len(split) for split in (data.train, data.validation, data.test)) == 12


def test_faults_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no images for training in .*train"):
        load_image_folder(tmp_path)
    (tmp_path / "train" / ".hidden").mkdir(parents=True)
    with pytest.raises(InputError, match=r"no images for training in .*train"):
        load_image_folder(tmp_path)
    (tmp_path / "train" / "ant").mkdir()
    with pytest.raises(InputError, match=r"no images in the class folders of .*train"):
        load_image_folder(tmp_path)

    write(tmp_path)
    (tmp_path / "test" / "dog").mkdir(parents=True)
    with pytest.raises(InputError, match="test/dog is a class that the training images do not have"):
        load_image_folder(tmp_path)
    (tmp_path / "test" / "dog").rmdir()
    with pytest.raises(InputError, match=r"no images in the class folders of .*test"):
        load_image_folder(tmp_path)
    write(tmp_path, "test", size=(8, 8))
    with pytest.raises(InputError, match="differ in size between train, val and test"):
        load_image_folder(tmp_path)
    (tmp_path / "train" / "ant" / "000.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"000\.png cannot be read as an image"):
        load_image_folder(tmp_path)
