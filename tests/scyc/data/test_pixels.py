"""Every pixel format becomes the colours that it shows, or is refused."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from scyc.data.pixels import read_image
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

GREY = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
DEEP = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000


def png16(values: npt.NDArray[Any]) -> bytes:
    """A PNG of 16 bits: values of shape (H, W, 1 to 4), for grey, grey with alpha, colour, colour with alpha."""
    height, width, channels = values.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def saved(folder: Path, image: Any, ending: str, **options: Any) -> Path:
    path = folder / f"image.{ending}"
    if isinstance(image, bytes):
        path.write_bytes(image)
    else:
        image.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("convert", "ending"),
    [
        (lambda image: image, "png"),
        (lambda image: image.convert("RGB"), "bmp"),
        (lambda image: image.convert("P"), "png"),
        (lambda image: image.convert("P"), "gif"),
        (lambda image: image.convert("LA"), "png"),
        (lambda image: image.convert("RGBA"), "tif"),
        (lambda image: image.convert("CMYK"), "tif"),
        (lambda image: image.convert("YCbCr"), "tif"),
    ],
)
def test_8_bit_formats(tmp_path: Path, convert: Callable[[Any], Any], ending: str) -> None:
    found = read_image(saved(tmp_path, convert(Image.fromarray(GREY)), ending))
    assert found.pixels.dtype == np.uint8
    assert np.abs(found.pixels.astype(int) - GREY).max() <= 1
    assert found.remarks == ()


def test_black_and_white(tmp_path: Path) -> None:
    pixels = read_image(saved(tmp_path, Image.fromarray(GREY > 99), "png")).pixels
    assert np.array_equal(pixels, np.broadcast_to(255 * (GREY > 99), (3, 8, 8)))


@pytest.mark.parametrize(
    ("image", "ending"),
    [
        (Image.fromarray(DEEP), "png"),
        (Image.fromarray(DEEP), "tif"),
        (Image.fromarray(DEEP.astype(">u2")), "tif"),
        (Image.fromarray(DEEP), "pgm"),
        (png16(DEEP[..., None]), "png"),
    ],
)
def test_16_bit_formats_keep_their_range_and_precision(tmp_path: Path, image: Any, ending: str) -> None:
    found = read_image(saved(tmp_path, image, ending))
    assert np.allclose(found.pixels, np.broadcast_to(DEEP / 257, (3, 8, 8)), atol=1e-4)
    assert found.remarks == ("with 16-bit pixels",)


def test_16_bit_images_are_scaled_like_others(tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(20), np.arange(30)) * 5
    shallow = read_image(saved(tmp_path, Image.fromarray(smooth.astype(np.uint8)), "png"), 8)
    deep = read_image(saved(tmp_path, Image.fromarray((smooth * 257).astype(np.uint16)), "tif"), 8)
    assert shallow.pixels.shape == deep.pixels.shape == (3, 8, 8)
    assert np.abs(shallow.pixels - deep.pixels).max() < 1


@pytest.mark.parametrize("kind", ["RGBA", "LA", "P with alpha", "P with a transparent colour"])
def test_what_is_transparent_is_laid_on_white(tmp_path: Path, kind: str) -> None:
    """A black shape on nothing: without the alpha channel everything is black."""
    shape = np.zeros((8, 8), np.uint8)
    shape[2:6, 2:6] = 255
    black = np.zeros((8, 8), np.uint8)
    options: dict[str, Any] = {}
    image: Any
    if kind.startswith("P"):
        image = Image.fromarray(shape // 255)
        image.putpalette([0, 0, 0, 0, 0, 0])
        options["transparency"] = bytes([0, 255]) if "alpha" in kind else 0
    else:
        image = Image.fromarray(np.stack([*[black] * (len(kind) - 1), shape], 2), kind)
    found = read_image(saved(tmp_path, image, "png", **options))
    assert np.array_equal(found.pixels, np.broadcast_to(255 - shape, (3, 8, 8)))
    assert found.remarks[-1] == "with transparency, laid on white"


@pytest.mark.parametrize(
    ("image", "ending", "what"),
    [
        (Image.fromarray(np.ones((8, 8), np.float32)), "tif", "mode F"),
        (Image.fromarray(np.ones((8, 8), np.int32)), "tif", "mode I"),
        (Image.new("LAB", (8, 8)), "tif", "mode LAB"),
        (png16(DEEP[..., None].repeat(3, 2)), "png", "16 bits for each colour of mode RGB"),
        (png16(DEEP[..., None].repeat(2, 2)), "png", "16 bits for each colour of mode RGBA"),
        (png16(DEEP[..., None].repeat(4, 2)), "png", "16 bits for each colour of mode RGBA"),
        (b"P6\n2 2\n65535\n" + bytes(24), "ppm", "16 bits for each colour of mode RGB"),
    ],
)
def test_what_cannot_be_converted_without_loss_is_refused(tmp_path: Path, image: Any, ending: str, what: str) -> None:
    path = saved(tmp_path, image, ending)
    with pytest.raises(InputError, match=rf"^{path} has pixels that cannot be converted .*\({what}\): save it as"):
        read_image(path)


@pytest.mark.parametrize("ending", ["gif", "tif", "webp", "png"])
def test_several_images_in_a_file_are_refused(tmp_path: Path, ending: str) -> None:
    images = [Image.fromarray(np.full((8, 8, 3), 99 * i, np.uint8)) for i in range(3)]
    path = saved(tmp_path, images[0], ending, save_all=True, append_images=images[1:])
    with pytest.raises(InputError, match=rf"^{path} holds 3 images in one file"):
        read_image(path)


def test_a_previews_first_image_is_taken(tmp_path: Path) -> None:
    images = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    path = saved(tmp_path, images[0], "mpo", save_all=True, append_images=images[1:])
    assert np.abs(read_image(path.rename(tmp_path / "photo.jpg")).pixels.astype(int) - GREY).mean() < 20


def test_colours_of_5_and_6_bits_are_no_16_bit_colours(tmp_path: Path) -> None:
    header = struct.pack("<2sIHHI", b"BM", 14 + 40 + 12 + 8, 0, 0, 14 + 40 + 12)
    info = struct.pack("<IiiHHIIiiII", 40, 2, 2, 1, 16, 3, 8, 0, 0, 0, 0) + struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    pixels = struct.pack("<4H", 0xF800, 0x07E0, 0x001F, 0xFFFF)
    found = read_image(saved(tmp_path, header + info + pixels, "bmp")).pixels
    assert found[:, 1, 0].tolist() == [255, 0, 0]


def test_damage_of_any_kind_is_a_sentence(tmp_path: Path) -> None:
    content = BytesIO()
    Image.fromarray(GREY).save(content, "PNG")
    whole = content.getvalue()
    for i in range(0, len(whole), 3):
        broken = whole[:i] + bytes([whole[i] ^ 0x55]) + whole[i + 1 :]
        path = saved(tmp_path, broken, "png")
        try:
            assert read_image(path).pixels.shape == (3, 8, 8)
        except InputError as error:
            assert str(path) in str(error)  # noqa: PT017 - many of the damaged files are refused, not all
