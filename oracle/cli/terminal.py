"""A terminal, or a file, that cannot show every character: those that it cannot show are replaced."""

from __future__ import annotations

import codecs
import sys
from io import TextIOWrapper

_ALIKE = str.maketrans("–—−≤≥→·×…“”„‘’₀₁₂δεβ━╸╺│─", '---<>>.x."""\'\'012deb---|-')
"""What stands for the characters of tables and sentences, so that columns keep their width."""

_HANDLER = "scyc.alike"


def show_what_it_can() -> None:
    """Let standard output and error replace what their encoding lacks, where they would raise an error."""
    codecs.register_error(_HANDLER, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    alike = error.object[error.start : error.end].translate(_ALIKE)
    return "".join(character if character.isascii() else "?" for character in alike), error.end
