from __future__ import annotations

import hashlib
import io
import shutil
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from scyc.data import load_tiny_imagenet, tiny_imagenet
from scyc.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from scyc.data import Dataset

CLASSES = [f"n{i:08}" for i in range(200)]


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCYC_DATA", raising=False)
    monkeypatch.delenv("SCYC_DOWNLOAD", raising=False)


def jpeg(red: int, green: int, blue: int = 0, size: int = 64) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.full((size, size, 3), (red, green, blue), np.uint8)).save(content, "JPEG", quality=95)
    return content.getvalue()


def write(root: Path) -> Path:
    """One training image per class and 20 validation images; red is the class, blue tells the two apart."""
    folder = root / "tiny-imagenet-200"
    for part in ("train", "val/images", "test/images"):
        (folder / part).mkdir(parents=True)
    (folder / "wnids.txt").write_text("".join(f"{name}\n" for name in reversed(CLASSES)))  # not in order
    for i, name in enumerate(CLASSES):
        images = folder / "train" / name / "images"
        images.mkdir(parents=True)
        (images / f"{name}_0.JPEG").write_bytes(jpeg(i, 100))
        (folder / "train" / name / f"{name}_boxes.txt").write_text(f"{name}_0.JPEG\t0\t0\t63\t63\n")
    lines = []
    for i in range(20):
        (folder / "val" / "images" / f"val_{i}.JPEG").write_bytes(jpeg(7 * i, 100, 200))
        lines.append(f"val_{i}.JPEG\t{CLASSES[7 * i]}\t0\t32\t44\t62\n")
    (folder / "val" / "val_annotations.txt").write_text("".join(lines))
    return folder


def check(data: Dataset) -> None:
    assert data.num_classes == 200
    mean = torch.tensor([0.4802, 0.4481, 0.3975]).view(3, 1, 1)
    std = torch.tensor([0.2770, 0.2691, 0.2821]).view(3, 1, 1)
    for split, size, blue in ((data.train, 180, 0), (data.validation, 20, 0), (data.test, 20, 200)):
        assert split.inputs.shape == (size, 3, 64, 64)
        assert (split.inputs.dtype, split.targets.dtype) == (torch.float32, torch.int64)
        colours = ((split.inputs * std + mean) * 255).mean((2, 3))
        expected = torch.stack([split.targets, torch.full((size,), 100), torch.full((size,), blue)], 1).float()
        assert torch.allclose(colours, expected, atol=3)  # JPEG is not exact
    published = torch.cat([data.train.targets, data.validation.targets])
    assert published.sort().values.tolist() == list(range(200))
    assert data.test.targets.tolist() == [7 * i for i in range(20)]


def test_reads_the_layout_of_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setenv("SCYC_DATA", str(tmp_path))
    data = load_tiny_imagenet()
    check(data)
    assert torch.equal(load_tiny_imagenet(tmp_path).validation.targets, data.validation.targets)


def test_missing_says_where_and_how(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_tiny_imagenet(tmp_path)
    for part in (str(tmp_path / "tiny-imagenet-200"), "http://cs231n.stanford.edu", "SCYC_DATA", "SCYC_DOWNLOAD=1"):
        assert part in str(caught.value)


def test_damage_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path)

    def spoilt(name: str, content: bytes | None, message: str) -> None:
        path = folder / name
        sound = path.read_bytes()
        path.unlink() if content is None else path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            load_tiny_imagenet(tmp_path)
        path.write_bytes(sound)

    image = f"train/{CLASSES[3]}/images/{CLASSES[3]}_0.JPEG"
    spoilt(image, None, f"train/{CLASSES[3]} holds no images")
    spoilt(image, b"", f"{CLASSES[3]}_0.JPEG cannot be read as an image")
    spoilt(image, (folder / image).read_bytes()[:400], f"{CLASSES[3]}_0.JPEG cannot be read as an image")
    spoilt(image, jpeg(3, 100, size=32), f"{CLASSES[3]}_0.JPEG is 32 x 32 pixels, but .* is 64 x 64")
    spoilt("wnids.txt", b"n00000001\n", "names 1 classes instead of 200")
    spoilt("wnids.txt", b"\xff", "wnids.txt cannot be read")
    spoilt("wnids.txt", None, "at least not all of wnids.txt, train and val/val_annotations.txt")
    spoilt("val/images/val_5.JPEG", None, "val_5.JPEG cannot be read as an image")
    for content in (b"", b"val_0.JPEG\n", b"val_0.JPEG\tn99999999\t0\t0\t0\t0\n"):
        spoilt("val/val_annotations.txt", content, "val_annotations.txt does not give every image one")
    (folder / "val" / "val_annotations.txt").write_text(f"val_0.JPEG\t{CLASSES[0]}\n")
    spoilt("val/images/val_0.JPEG", jpeg(0, 100, size=65), r"val holds images of shape \(3, 65, 65\)")


def test_downloads_when_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, website: str) -> None:
    write(tmp_path / "original")
    archive = shutil.make_archive(str(tmp_path / "server" / "tiny"), "zip", tmp_path / "original")
    monkeypatch.setattr(tiny_imagenet, "URL", f"{website}/tiny.zip")
    root = tmp_path / "root"
    with pytest.raises(InputError, match=r"Downloading tiny-imagenet-200 into .* failed"):
        load_tiny_imagenet(root, download=True)
    assert list(root.iterdir()) == []

    with open(archive, "rb") as file:  # noqa: PTH123
        monkeypatch.setattr(tiny_imagenet, "MD5", hashlib.file_digest(file, "md5").hexdigest())
    monkeypatch.setenv("SCYC_DOWNLOAD", "1")
    check(load_tiny_imagenet(root))
    assert [path.name for path in root.iterdir()] == ["tiny-imagenet-200"]


def test_without_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(InputError, match=r"Reading image files needs Pillow.*pip install "):
        load_tiny_imagenet(tmp_path)
