"""Whatever a folder of images holds, its pixels come out right, or one sentence says why not."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scyc.data import load_image_folder, stream_image_folder, summarise
from scyc.data.pixels import read_image
from scyc.errors import InputError

SIDE = 4
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I;16B", "I", "F", "LAB")
ENDINGS = ("png", "tif", "bmp", "gif", "pgm", "webp")


def picture(mode: str, value: float) -> Image.Image:
    """Half black, half grey: `value` of the way to white."""
    shares = np.zeros((SIDE, SIDE))
    shares[:, SIDE // 2 :] = value
    if mode.startswith("I;16"):
        return Image.fromarray(np.round(65535 * shares).astype(">u2" if mode == "I;16B" else "<u2"))
    if mode in ("I", "F"):
        return Image.fromarray((1e6 * shares).astype(np.int32 if mode == "I" else np.float32))
    if mode == "1":
        return Image.fromarray(shares > 0)
    grey = Image.fromarray(np.round(255 * shares).astype(np.uint8))
    return Image.new("LAB", grey.size) if mode == "LAB" else grey.convert(mode)


@settings(max_examples=150, deadline=None)
@given(mode=st.sampled_from(MODES), ending=st.sampled_from(ENDINGS), value=st.floats(0.05, 0.95), scaled=st.booleans())
def test_a_pixel_is_as_bright_as_it_was_or_its_file_is_refused(
    mode: str, ending: str, value: float, scaled: bool
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"image.{ending}"
        try:
            picture(mode, value).save(path, lossless=True)
        except (OSError, ValueError):
            return  # Pillow writes no such file
        if (mode[0] in "IF" and ending in ("bmp", "gif", "webp")) or (mode in ("RGBA", "LA") and ending == "gif"):
            return  # Pillow clips what it writes, or looks for fewer colours
        with Image.open(path) as written:
            kept = written.mode not in ("I", "F", "LAB") or (mode[0] == "I" and ending == "pgm")
        try:
            found = read_image(path, SIDE if scaled else None).pixels
        except InputError as error:
            assert str(path) in str(error)  # noqa: PT017 - some are refused, not all
            assert not kept
            return
    assert kept
    assert found.shape == (3, SIDE, SIDE)
    if mode not in ("I", "F", "LAB"):  # what Pillow itself makes of these is another matter
        assert np.abs(found[:, :, -1] - (255 if mode == "1" else 255 * value)).max() <= 2
        assert np.abs(found[:, :, 0]).max() <= 2


def content(kind: str, number: int) -> tuple[str, Any]:
    """Name and content of a file in a class folder: an image whose first pixel is its number, or something else."""
    pixels = np.full((SIDE, SIDE, 3), 100, np.uint8)
    pixels[0, 0] = number
    image = Image.fromarray(pixels)
    return {
        "image": (f"{number}.png", image),
        "upper case": (f"{number}.BMP", image),
        "another type": (f"{number}.gif", image.convert("P", palette=Image.Palette.ADAPTIVE)),
        "deep": (f"deep/er/{number}.png", image),
        "hidden": (f".{number}.png", image),
        "hidden folder": (f".ipynb_checkpoints/{number}.png", image),
        "of a Mac": (f"__MACOSX/{number}.png", image),
        "text": (f"{number}.txt", b"words"),
        "broken": (f"{number}.jpg", b"no image"),
        "16 bits": (f"{number}.png", Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)),
        "real numbers": (f"{number}.tif", Image.fromarray(pixels[..., 0].astype(np.float32))),
    }[kind]


USED = {"image", "upper case", "another type", "deep", "16 bits"}
REFUSED = {"broken", "real numbers"}
KINDS = [*sorted(USED), "hidden", "hidden folder", "of a Mac", "text", *sorted(REFUSED)]
CONTENTS = st.lists(
    st.tuples(
        st.sampled_from(["train", "train", "train", "val", "test", "Valid", "extra"]),
        st.sampled_from(["ant", "bee", "cat", ""]),
        st.sampled_from(KINDS[:-2] * 3 + KINDS[-2:]),
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(contents=CONTENTS, streamed=st.booleans())
def test_every_image_is_in_one_split_with_its_class_or_the_folder_is_refused(
    contents: list[tuple[str, str, str]], streamed: bool
) -> None:
    with TemporaryDirectory() as folder:
        root, wanted = Path(folder), dict[int, str]()
        base = [("train", name, "image") for name in ("ant", "bee") * 6]
        for number, (part, name, kind) in enumerate([*base, *contents]):
            file, values = content(kind, number)
            path = root / part / (f"{name}/{file}" if name else Path(file).name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(values) if isinstance(values, bytes) else values.save(path)
            if name and (kind in USED or (streamed and kind in REFUSED)):  # streamed ones are read during training
                wanted[number] = f"{part}/{name}"
        try:
            data = stream_image_folder(root, SIDE) if streamed else load_image_folder(root)
        except InputError as error:
            assert folder in str(error)  # noqa: PT017 - some are refused, not all
            return
        used = {part for part, _, kind in [*base, *contents]} - {"extra"} - ({"test"} if streamed else set())
        if streamed:
            assert data.num_classes == len({place for place in wanted.values() if place.startswith("train")})
            testing = {"val", "Valid"} & used or {"test"}
            sizes = len(data.train) + len(data.validation), len(data.test)
            assert sizes[0] == sum(place.startswith("train/") for place in wanted.values())
            assert sizes[1] == sum(place.partition("/")[0] in testing for place in wanted.values())
            return
        splits = (data.train, data.validation, data.test)
        inputs = torch.cat([split.inputs for split in splits])[:, 0, 0].double()
        hundred, first = inputs[:, -1].mean(), inputs[:, 0]
        # What a number became is linear in it: two known numbers give the rest.
        expected = sorted(number for number, place in wanted.items() if place.partition("/")[0] in used)
        assert len(first) == len(expected)
        low = (hundred - first.min()) / (100 - expected[0])
        found = ((first - first.min()) / low + expected[0]).round().long().tolist()
        assert sorted(found) == expected
        names = data.reading.classes
        targets = torch.cat([split.targets for split in splits]).tolist()
        assert [wanted[number].partition("/")[2] for number in found] == [names[target] for target in targets]
        said = summarise(data)
        assert ("extra" in said) == ((root / "extra").is_dir())
        assert ("hidden" in said) == any(
            part in used and (kind == "hidden" or (name and kind in ("hidden folder", "of a Mac")))
            for part, name, kind in contents
        )
