"""Text files as other programs write them."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import pytest

from scyc.text import read_text

if TYPE_CHECKING:
    from pathlib import Path

TEXT = 'levels = 1\nname = "Größe"\n'


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF16_LE + TEXT.replace("\n", "\r\n").encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    ],
    ids=["plain", "mark", "windows", "utf-16-le", "utf-16-be"],
)
def test_the_same_text(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    assert read_text(tmp_path / "file") == TEXT


@pytest.mark.parametrize("data", [TEXT.encode("latin-1"), b"\xff\xfe\x00"])
def test_what_is_neither(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(UnicodeDecodeError):
        read_text(tmp_path / "file")
