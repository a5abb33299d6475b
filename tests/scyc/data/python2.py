"""Files as the makers of CIFAR wrote them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def python2_pickle(pixels: npt.NDArray[np.uint8], **labels: npt.NDArray[np.uint8]) -> bytes:
    """Pickle a batch the way that Python 2 and its NumPy wrote the official files, opcode for opcode.

    Args:
        pixels: of shape (N, 3072).
        labels: of shape (N,), by their key in the file.
    """

    def text(value: bytes) -> bytes:
        return b"U" + bytes([len(value)]) + value

    def integer(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n" + b"cnumpy\nndarray\n" + integer(0) + b"\x85" + text(b"b") + b"\x87R"
        + b"(" + integer(1) + integer(pixels.shape[0]) + integer(pixels.shape[1]) + b"\x86"
        + b"cnumpy\ndtype\n" + text(b"u1") + integer(0) + integer(1) + b"\x87R"
        + b"(" + integer(3) + text(b"|") + b"NNN" + integer(-1) + integer(-1) + integer(0) + b"tb"
        + b"\x89T" + struct.pack("<i", pixels.nbytes) + pixels.tobytes() + b"tb"
    )  # fmt: skip
    return (
        b"\x80\x02}("
        + (text(b"batch_label") + text(b"training batch 1 of 5"))
        + b"".join(
            text(key.encode()) + b"](" + b"".join(integer(int(one)) for one in values) + b"e"
            for key, values in labels.items()
        )
        + (text(b"data") + array)
        + (text(b"filenames") + b"](" + b"".join(text(b"auto_s_%06d.png" % i) for i in range(len(pixels))) + b"e")
        + b"u."
    )
