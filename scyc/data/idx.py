"""The IDX file format of MNIST and its successors (http://yann.lecun.com/exdb/mnist), plain or gzipped."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from scyc.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

_UNSIGNED_BYTE = 8


def read_idx(path: Path, dimensions: int) -> npt.NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes.

    The header is two zero bytes, the type code, the number of dimensions, and each dimension's size as a big-endian
    32-bit integer; the elements follow in C order.

    Args:
        path: the file; gzipped if its name ends in `.gz`.
        dimensions: how many dimensions the array must have: 3 for images, 1 for labels.

    Returns:
        Read-only array with that many dimensions.

    Raises:
        InputError: the file cannot be read, is truncated or is not such a file.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read ({error}): fetch the data set again.") from error

    header = 4 + 4 * dimensions
    if len(content) < header or content[:4] != bytes([0, 0, _UNSIGNED_BYTE, dimensions]):
        raise InputError(
            f"{path} is not an IDX file of unsigned bytes with {dimensions} dimension(s): fetch the data set again."
        )
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    if len(content) - header != math.prod(shape):
        raise InputError(
            f"{path} is truncated or corrupt, it promises {math.prod(shape)} bytes of data but holds "
            f"{len(content) - header}: fetch the data set again."
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
