"""`scyc spec`."""

from __future__ import annotations

import typer

from oracle.cli.app import SEARCH, app


@app.command(rich_help_panel=SEARCH)
def spec() -> None:
    """Print the embedded example as TOML, with every field explained: a spec to start from."""
    from oracle.spec.files import spec_template

    typer.echo(spec_template(), nl=False)
