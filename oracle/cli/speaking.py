"""What the commands print: sentences, tables, JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer
from rich.console import Console

out = Console(width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True)


def say(console: Console, sentence: str) -> None:
    """Print a sentence as it is: without markup, Rich's colours or hard line breaks."""
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print plain values as one line of JSON."""
    typer.echo(json.dumps(value, allow_nan=False))
