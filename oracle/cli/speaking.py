"""What the commands print: sentences, tables, JSON, and commands to paste, which never hold a password."""

from __future__ import annotations

import json
import os
import shlex
import sys
from typing import Any

import typer
from rich.console import Console

from oracle.api.defaults import DATABASE

out = Console(width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True)


def say(console: Console, sentence: str) -> None:
    """Print a sentence as it is: without markup, Rich's colours or hard line breaks."""
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print plain values as one line of JSON."""
    typer.echo(json.dumps(value, allow_nan=False))


def command(*words: str, db: str | None = None) -> str:
    """Return a command of scyc that the user can paste; it opens the same database."""
    return " ".join(["scyc", *map(shlex.quote, words)]) + _db_option(db)


def _db_option(database: str | None) -> str:
    if database in (None, DATABASE, os.environ.get("SCYC_DB")):
        return ""
    before, separator, rest = database.rpartition("@")
    scheme, slashes, user = before.partition("://")
    masked = user.partition(":")[0] + ":***" * (":" in user)
    return f" --db {shlex.quote(scheme + slashes + masked + separator + rest)}"
