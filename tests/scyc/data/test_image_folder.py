from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from scyc.data import load_image_folder
from scyc.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

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
    with pytest.raises(InputError, match="differ in size between test, train: "):
        load_image_folder(tmp_path)
    (tmp_path / "train" / "ant" / "000.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"000\.png cannot be read as an image"):
        load_image_folder(tmp_path)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], r"train/dog is a class without images: add images \(\.bmp, .*, or remove the folder"),
        (
            ["a.heic", "b.heic", "c.npy"],
            r"train/dog is a class without images, but 2 of type \.heic, 1 of type \.npy: ",
        ),
        ([".ipynb_checkpoints/a.png"], "train/dog is a class without images, but 1 hidden: "),
    ],
)
def test_a_class_without_images_is_refused(tmp_path: Path, files: list[str], message: str) -> None:
    write(tmp_path)
    (tmp_path / "train" / "dog").mkdir()
    for file in files:
        (tmp_path / "train" / "dog" / file).parent.mkdir(exist_ok=True)
        (tmp_path / "train" / "dog" / file).touch()
    with pytest.raises(InputError, match=message):
        load_image_folder(tmp_path)


@pytest.mark.parametrize("names", ["train valid TEST", "Train validation Testing", "training Dev test"])
def test_splits_may_have_the_other_usual_names(tmp_path: Path, names: str) -> None:
    data = load_image_folder(write(tmp_path, names))
    assert [len(split) for split in (data.train, data.validation, data.test)] == [36, 36, 36]
    assert [note for note in data.reading.notes if "single colour" not in note] == [
        "channels that are constant: 2 of 3"
    ]


@pytest.mark.parametrize("names", ["train val valid", "train Train", "train test TEST"])
def test_two_folders_for_one_split_are_refused(tmp_path: Path, names: str) -> None:
    with pytest.raises(InputError, match=r"both named like a folder of the (train|val|test) split"):
        load_image_folder(write(tmp_path, names))


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    """Copies in hidden folders would put the same image into training and validation."""
    write(tmp_path, "train extra .git")
    ant = tmp_path / "train" / "ant"
    for hidden in (
        ant / ".ipynb_checkpoints",
        ant / "deep" / "__MACOSX",
        ant / "@eaDir",
        tmp_path / "train" / "__MACOSX",
    ):
        shutil.copytree(tmp_path / "train" / "bee", hidden)
    (ant / "notes.txt").touch()
    (ant / "._000.png").touch()
    (tmp_path / "train" / "stray.png").touch()
    for file in ("labels.csv", "README", "a.PNG", "b.png", ".hidden"):
        (tmp_path / file).touch()
    (ant / "deep" / "loop").symlink_to(ant)
    shutil.copy(ant / "000.png", ant / "deep" / "100.PNG")
    data = load_image_folder(tmp_path)
    assert len(data.train) + len(data.validation) + len(data.test) == 37
    assert data.reading.classes == CLASSES
    assert data.reading.notes[:2] == (
        f"not used in {tmp_path}: extra, 1 of type .csv, 2 of type .png, 1 without a type",
        "left out of train: 5 hidden, 1 in no class folder, 1 linking to a folder above, 1 of type .txt",
    )


@pytest.mark.parametrize("ending", ["gif", "PNG", "jfif", "tiff"])
def test_other_types_and_cases_are_images_too(tmp_path: Path, ending: str) -> None:
    write(tmp_path)
    for file in (tmp_path / "train" / "bee").iterdir():
        with Image.open(file) as image:
            image.save(file.with_suffix(f".{ending}"), "JPEG" if ending == "jfif" else None)
        if ending != "PNG" or file.with_suffix(".PNG").exists():
            file.unlink()
    data = load_image_folder(tmp_path)
    targets = torch.cat([split.targets for split in (data.train, data.validation, data.test)])
    assert targets.bincount().tolist() == [12, 12, 12]


def test_16_bit_images_keep_their_precision_and_go_with_others(tmp_path: Path) -> None:
    """Images that differ by less than a 256th of the range, and one of 8 bits on the same scale."""
    pixels = np.random.default_rng(0).integers(20000, 20100, (30, 4, 4)).astype(np.uint16)
    pixels[0] = 77 * 257
    for i, image in enumerate(pixels):
        place = tmp_path / "train" / CLASSES[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image if i else np.full((4, 4), 77, np.uint8)).save(place / f"{i:02}.png")
    data = load_image_folder(tmp_path)
    inputs = torch.cat([data.train.inputs, data.validation.inputs, data.test.inputs])[:, 0].flatten(1).double()
    expected = torch.tensor(pixels.reshape(30, 16).astype(np.float64))
    expected = (expected - expected.mean()) / expected.std()
    rows = torch.cdist((inputs - inputs.mean()) / inputs.std(), expected)
    assert float(rows.min(1).values.max()) < 1e-3
    assert "in train: images of a single colour: 1, images with 16-bit pixels: 29" in data.reading.notes
