"""What the commands print: sentences, tables, JSON."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager, nullcontext, redirect_stdout
from typing import IO, TYPE_CHECKING, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator

STDOUT, STDERR = 1, 2

# Names are the user's, and may look like Rich's markup or its emoji; what has a style is a `Text`.
out = Console(width=None if sys.stdout.isatty() else 120, markup=False, emoji=False)
err = Console(stderr=True, markup=False, emoji=False)

_results: list[IO[str]] = []  # where `print_json` prints, if not on standard output


def say(console: Console, sentence: str) -> None:
    """Print a sentence as it is: without Rich's colours or hard line breaks."""
    console.print(sentence, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print plain values as one line of JSON."""
    typer.echo(json.dumps(value, allow_nan=False), file=_results[-1] if _results else None)


@contextmanager
def only_json() -> Iterator[None]:
    """Within the block, standard output gets what `print_json` prints, and standard error everything else.

    A user's own code may print, and so may libraries and the processes that they start.
    """
    if sys.stdout is None:  # it was closed before the command started
        yield
        return
    sys.stdout.flush()
    kept = os.dup(STDOUT)
    results = (
        os.fdopen(os.dup(kept), "w", encoding="utf-8") if sys.stdout is sys.__stdout__ else nullcontext(sys.stdout)
    )
    os.dup2(STDERR, STDOUT)
    try:
        with results as file, redirect_stdout(sys.stderr):
            _results.append(file)
            yield
    finally:
        _results.pop()
        os.dup2(kept, STDOUT)
        os.close(kept)
