"""Answers as bits: which examples of a split a trained network classifies correctly, in a few bytes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


def packed(answers: NDArray[np.bool_]) -> bytes:
    """Return booleans of shape (N,) as bits, eight in a byte, compressed by zlib.

    The first example is the highest bit of the first byte; the last byte is filled up with zeros.
    """
    import numpy as np

    return zlib.compress(np.packbits(answers).tobytes(), 9)


def bits(compressed: bytes, examples: int) -> bytes:
    """Return the bits of so many examples, from what `packed` returned.

    Raises:
        ValueError: these are not the bits of so many examples.
    """
    size, inflate = -(-examples // 8), zlib.decompressobj()
    try:
        found = inflate.decompress(compressed, size + 1)
    except zlib.error as error:
        raise ValueError(f"answers cannot be read ({error})") from None
    spare = 8 * size - examples
    if len(found) != size or not inflate.eof or inflate.unused_data or found[-1] & ((1 << spare) - 1):
        raise ValueError(f"answers are not the bits of {examples} examples")
    return found


def as_text(compressed: bytes, examples: int) -> str:
    """Return the answers on so many examples as a text of 1 (correct) and 0, one character for each example.

    Raises:
        ValueError: these are not the bits of so many examples.
    """
    found = bits(compressed, examples)
    return f"{int.from_bytes(found):0{8 * len(found)}b}"[:examples]


def unpacked(compressed: Sequence[bytes], examples: int) -> NDArray[np.bool_]:
    """Return the answers of several networks on as many examples each, as booleans of shape (networks, examples).

    Raises:
        ValueError: what is given are not the bits of so many examples.
    """
    import numpy as np

    together = np.frombuffer(b"".join(bits(one, examples) for one in compressed), dtype=np.uint8)
    rows = together.reshape(len(compressed), -(-examples // 8))
    return np.unpackbits(rows, axis=1, count=examples).view(np.bool_)
