"""`scyc presets list`."""

from __future__ import annotations

from oracle.cli.app import AsJson, presets_app
from oracle.cli.speaking import out, print_json


@presets_app.command("list")
def list_presets(as_json: AsJson = False) -> None:
    """List the presets."""
    from rich.table import Table

    from oracle.spec.presets import preset_names, preset_text

    titles = {name: preset_text(name).partition("\n")[0].lstrip("# ") for name in preset_names()}
    if as_json:
        print_json(titles)
        return
    table = Table("preset", "", box=None)
    for name, title in titles.items():
        table.add_row(name, title)
    out.print(table)
