"""Terminals that cannot show every character: some are replaced, and everything else is shown."""

from __future__ import annotations

import io
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from oracle.cli.commands.show import _range
from oracle.cli.terminal import show_what_it_can
from oracle.results.intervals import Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.oracle.cli.conftest import Ended


ENCODINGS = ("ascii", "latin-1", "cp1252", "koi8-r", "utf-8")


@contextmanager
def terminal(encoding: str) -> Iterator[Callable[[], str]]:
    """Let standard output and error have an encoding; yield what is written."""
    written = io.BytesIO()
    with pytest.MonkeyPatch.context() as patched:
        for name in ("stdout", "stderr"):
            patched.setattr(sys, name, io.TextIOWrapper(written, encoding=encoding, write_through=True))
        yield lambda: written.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", ["1 – 2", "≤0.1 – ≥3", "日本 → 東京", "“within” …", "\udce6 \udcff", "😀"])
def test_whatever_is_printed(text: str, encoding: str) -> None:
    with terminal(encoding) as written:
        show_what_it_can()
        print(text)
        print(text, file=sys.stderr)
        first, second, _ = written().split("\n")
    assert first == second
    assert len(first) == len(text)
    if encoding == "utf-8" and "\udce6" not in text:
        assert first == text


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", "<0.1 - >0.2"), ("cp1252", "<0.1 – >0.2"), ("utf-8", "≤0.1 – ≥0.2")]
)
def test_signs_become_their_likes(encoding: str, shown: str) -> None:
    with terminal(encoding) as written:
        show_what_it_can()
        print(_range(Interval(0.1, 0.2, low_open=True, high_open=True)))
        assert written() == f"{shown}\n"


@pytest.mark.usefixtures("swept")
@pytest.mark.parametrize("command", [("show", "demo"), ("compare", "demo"), ("run", "demo", "--list")], ids=" ".join)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_commands_that_print_tables(command: tuple[str, ...], encoding: str, scyc: Callable[..., Ended]) -> None:
    with terminal(encoding) as written:
        assert scyc(*command).code == 0
        assert len(written().splitlines()) > 3
