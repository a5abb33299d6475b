"""What the commands print: sentences, tables, JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer
from rich.console import Console

# Names are the user's, and may look like Rich's markup or its emoji; what has a style is a `Text`.
out = Console(width=None if sys.stdout.isatty() else 120, markup=False, emoji=False)
err = Console(stderr=True, markup=False, emoji=False)


def say(console: Console, sentence: str) -> None:
    """Print a sentence as it is: without Rich's colours or hard line breaks."""
    console.print(sentence, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print plain values as one line of JSON."""
    typer.echo(json.dumps(value, allow_nan=False))
