"""What the commands share: the application, their common options, exit codes, and how they speak."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from scyc import InputError

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Find the best max_lr at every pruning level, and see how well schedules predict it.",
)
out = Console(width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True)

StudyName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the study.")]
DatabaseUrl = Annotated[
    str,
    typer.Option("--db", envvar="SCYC_DB", metavar="URL", help="SQLAlchemy URL of the study database."),
]
SpecFile = Annotated[
    Path | None, typer.Argument(metavar="[SPEC.toml]", help="The spec; the embedded default without one.")
]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a field of the spec.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DEFAULT_DB = "sqlite:///scyc.db"


@app.callback()
def _common(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    if debug:
        os.environ["SCYC_DEBUG"] = "1"


def say(console: Console, sentence: str) -> None:
    """Print a sentence as it is: no markup, no colours of Rich's own, no hard line breaks."""
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print plain values as one line of JSON."""
    typer.echo(json.dumps(value, allow_nan=False))


def db_option(database: str) -> str:
    """Return what a command shown to the user needs to find the same database; never a password."""
    if database in (DEFAULT_DB, os.environ.get("SCYC_DB")):
        return ""
    before, separator, rest = database.rpartition("@")
    scheme, slashes, user = before.partition("://")
    return f" --db {scheme}{slashes}{user.partition(':')[0]}{':***' * (':' in user)}{separator}{rest}"


def study_name(given: str | None, spec_file: Path | None) -> str:
    """Return the name of a study: the one given, else the spec's.

    Raises:
        InputError: it cannot be a name.
    """
    name = given or (spec_file.stem if spec_file else "demo")
    if not name or "/" in name or name != name.strip() or not name.isprintable():
        raise InputError(
            f"A study's name is a word or a few, without slashes, but it is {name!r}; choose another --name."
        )
    return name


def default_artifacts(database: str) -> str:
    """Return where a new study's weights go unless told otherwise: beside an SQLite file, else in this folder.

    An artifact store belongs to one database, so it is named after the file.

    Raises:
        InputError: when the SQLite file's folder does not exist.
    """
    path = database.removeprefix("sqlite:///") if database.startswith("sqlite:///") else ""
    folder = Path(path).parent
    if not folder.is_dir():
        raise InputError(f"The folder {folder} of the database {path} does not exist; make it first.")
    return str((folder / f"{Path(path).stem or 'scyc'}-artifacts").resolve())
