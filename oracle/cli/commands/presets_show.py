"""`scyc presets show`."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.app import AsJson, presets_app
from oracle.cli.speaking import print_json


@presets_app.command("show")
def show_preset(
    name: Annotated[str, typer.Argument(metavar="PRESET", help="Name of the preset.", show_default=False)],
    small: Annotated[
        bool, typer.Option("--small", help="Print a small version, which runs in minutes on 2 cores.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print a preset as TOML, to run with `scyc sweep`. Comments give each field's source, or mark it as assumed."""
    from oracle.spec.files import spec_template
    from oracle.spec.presets import preset, preset_text

    if as_json:
        print_json(preset(name, small=small).to_dict())
    elif small:
        typer.echo(spec_template(preset(name, small=True)), nl=False)
    else:
        typer.echo(preset_text(name), nl=False)
