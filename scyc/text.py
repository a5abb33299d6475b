"""Text files that other programs wrote: some begin with a byte order mark, or are UTF-16, as Windows writes them."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_text(path: Path) -> str:
    """Return a file's text, without a byte order mark; lines end with a newline alone.

    Raises:
        OSError: the file cannot be read.
        UnicodeDecodeError: it is neither UTF-8, nor UTF-16 with a byte order mark.
    """
    data = path.read_bytes()
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return data.decode(encoding).replace("\r\n", "\n")
