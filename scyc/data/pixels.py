"""One image file as pixels: every pixel format is converted without loss, or refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scyc.data.sources import optional_module
from scyc.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

_PURPOSE = "Reading image files"
_TO_BYTES = 257  # 65,535 / 255
_WHITE = (255, 255, 255, 255)


class Picture(NamedTuple):
    """An image in colour.

    Attributes:
        pixels: shape (3, H, W), on the scale 0..255; uint8, or float32 where the file holds 16 bits.
        remarks: what is special about it, in words that go after "images".
    """

    pixels: npt.NDArray[Any]
    remarks: tuple[str, ...]


def read_image(path: Path | str, size: int | None = None) -> Picture:
    """Read one image in colour.

    16-bit images keep their precision. What is transparent is laid on white.

    Args:
        path: of the file, in any format that Pillow reads.
        size: scale the image so that its shorter side is `size` pixels, then cut a square from its middle; None takes
            it as it is.

    Raises:
        InputError: the file cannot be read, holds several images, or has pixels that cannot be converted without loss.
    """
    pillow = optional_module("PIL.Image", "Pillow", _PURPOSE)
    try:
        with pillow.open(path) as image:
            planes, remarks = _planes(image, path, pillow)
            if size is not None:
                transforms = optional_module("torchvision.transforms.functional", "torchvision", "Scaling images")
                planes = [transforms.center_crop(transforms.resize(plane, size), size) for plane in planes]
    except InputError:
        raise
    except Exception as error:  # a damaged file raises just about anything
        raise InputError(f"{path} cannot be read as an image ({error}): fetch it again, or remove it.") from error
    arrays = [np.array(plane) for plane in planes]
    pixels = np.ascontiguousarray(arrays[0].transpose(2, 0, 1)) if len(arrays) == 1 else np.stack(arrays)
    if (pixels == pixels[:, :1, :1]).all():
        remarks = (*remarks, "of a single colour")
    return Picture(pixels, remarks)


def _planes(image: Any, path: Path | str, pillow: Any) -> tuple[list[Any], tuple[str, ...]]:
    """Return a colour image, or three images of real numbers for red, green and blue; and remarks."""
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # the others in an MPO are previews or the view of the other eye
        raise InputError(f"{path} holds {frames} images in one file: save the one that is meant as a file of its own.")
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        if "transparency" in image.info:
            raise _unfit(path, "16-bit grey with a transparent colour")
        grey = pillow.fromarray(np.asarray(image).astype(np.float32) / _TO_BYTES)
        return [grey, grey, grey], ("with 16-bit pixels",)
    if image.mode in ("I", "F", "LAB"):
        raise _unfit(path, f"mode {image.mode}")
    if _has_deep_colours(image):
        raise _unfit(path, f"16 bits for each colour of mode {image.mode}")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema()[0] < 255:
            white = pillow.new("RGBA", image.size, _WHITE)
            return [pillow.alpha_composite(white, image).convert("RGB")], ("with transparency, laid on white",)
    return [image.convert("RGB")], ()


def _has_deep_colours(image: Any) -> bool:
    """Return whether the file holds colours of 16 bits each, of which Pillow would keep 8."""
    arguments = [tile.args for tile in image.tile]
    if image.format == "PPM":
        return any(isinstance(found, tuple) and found[-1] > 255 for found in arguments)
    return any(re.search(r"(?<!B)(L|LA|RGB\w?|CMYK);16", str(found)) for found in arguments)  # BGR;16 is 5, 6, 5 bits


def _unfit(path: Path | str, what: str) -> InputError:
    return InputError(
        f"{path} has pixels that cannot be converted to 8 bits per colour without loss ({what}): save it as a PNG of 8 "
        "bits per colour, or of 16 bits in grey, or give the numbers as an .npz file."
    )
