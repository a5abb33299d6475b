"""The application: its groups of commands, and the options that many commands share."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Annotated

import typer

from oracle.cli import commands
from oracle.cli.speaking import only_json
from oracle.results.intervals import RULES

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

PANELS = SEARCH, RESULTS, SCHEDULES, DATABASE, EXPERIMENTS = (
    "Search",
    "Results",
    "Schedules",
    "Studies and their database",
    "Experiments of the papers",
)
"""Panels of the help page, in their order."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Find the best max_lr at every pruning level, and see how well schedules predict it.",
)
studies_app = typer.Typer(no_args_is_help=True)
presets_app = typer.Typer(no_args_is_help=True)
app.add_typer(studies_app, name="studies", help="List, delete, export and import studies.", rich_help_panel=DATABASE)
app.add_typer(presets_app, name="presets", help="Show the papers' protocols as specs.", rich_help_panel=SEARCH)

StudyName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the study.", show_default=False)]
NewName = Annotated[
    str | None,
    typer.Option(
        "--name",
        help="Name of the study. Default: the name of the spec file, or demo for the embedded example.",
        show_default=False,
    ),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--db",
        envvar="SCYC_DB",
        metavar="URL",
        help="SQLAlchemy URL of the study database. Default: sqlite:///scyc.db.",
        show_default=False,
    ),
]


def _known(rule: str) -> str:
    if rule not in RULES:
        raise typer.BadParameter(f"There is no interval rule {rule!r}; choose one of {', '.join(RULES)}.")
    return rule


RuleName = Annotated[
    str,
    typer.Option("--rule", metavar="|".join(RULES), callback=_known, help="Which interval of the oracle to use."),
]
SpecFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[SPEC.toml]", help="The spec, a TOML file. Default: the embedded example.", show_default=False
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Set a field of the spec, such as search.max_lr.count=6. Repeatable.",
        show_default=False,
    ),
]


def _only_json(context: typer.Context, wanted: bool) -> bool:
    if wanted:
        context.with_resource(only_json())
    return wanted


AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.", callback=_only_json)]


def register_commands() -> None:
    """Import every command, which registers itself."""
    for module in iter_modules(commands.__path__):
        import_module(f"{commands.__name__}.{module.name}")
    app.registered_commands.sort(key=lambda command: PANELS.index(str(command.rich_help_panel)))


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"scyc {version('scyc')}")
        raise typer.Exit


@app.callback()
def _common(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback prints it
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    if debug:
        os.environ["SCYC_DEBUG"] = "1"
