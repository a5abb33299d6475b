"""`scyc presets`: the protocols of papers as specs."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from oracle.cli.app import AsJson, app, out, print_json
from oracle.spec.files import spec_template
from oracle.spec.presets import preset, preset_names, preset_text

presets_app = typer.Typer(no_args_is_help=True, help="The protocols of papers as specs.")
app.add_typer(presets_app, name="presets")


@presets_app.command("list")
def list_presets(as_json: AsJson = False) -> None:
    """List the presets."""
    titles = {name: preset_text(name).partition("\n")[0].lstrip("# ") for name in preset_names()}
    if as_json:
        print_json(titles)
        return
    table = Table("preset", "", box=None)
    for name, title in titles.items():
        table.add_row(name, title)
    out.print(table)


@presets_app.command("show")
def show_preset(
    name: Annotated[str, typer.Argument(metavar="PRESET", help="Name of the preset.")],
    small: Annotated[bool, typer.Option("--small", help="A version for two CPU cores, which runs in minutes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print a preset as TOML, to run with `scyc sweep`: every field has its source, or is called assumed."""
    if as_json:
        print_json(preset(name, small=small).to_dict())
    elif small:
        typer.echo(spec_template(preset(name, small=True)), nl=False)
    else:
        typer.echo(preset_text(name), nl=False)
