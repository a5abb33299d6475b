"""`scyc bench`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from oracle.cli.app import SEARCH, AsJson, Overrides, SpecFile, app
from oracle.cli.speaking import out, print_json, say


@app.command(rich_help_panel=SEARCH)
def bench(
    spec_file: SpecFile = None,
    overrides: Overrides = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to time each engine, in seconds.")] = 6.0,
    as_json: AsJson = False,
) -> None:
    """Time each engine on a spec's workload, and a bare loop that only trains one network, for comparison."""
    from rich.table import Table

    from oracle.driver.engine_choice import with_engine
    from oracle.execution.machine import training_device
    from oracle.spec.files import load_spec
    from scyc.bench import BARE, compare, possible
    from scyc.fence import fenced
    from scyc.threads import threads

    spec = load_spec(spec_file, overrides or ())
    protocol, device = spec.protocol(), training_device(spec)
    data = protocol.workload.load_data().to(device)
    protocol.check(data)
    with fenced(spec.workload), threads(spec.resources.cpus_per_trial):
        bare, *speeds = compare([BARE, *possible(protocol, device)], protocol, data, seconds)
    chosen = with_engine(spec, speeds).engine
    if as_json:
        print_json({"bare": asdict(bare), "engines": [asdict(speed) for speed in speeds], "chosen": chosen})
        return
    table = Table("engine", "together", "samples/s", "x eager", "of the bare loop", "GPU memory", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for speed in (*speeds, bare):
        table.add_row(
            "bare loop" if speed is bare else speed.engine,
            str(speed.members),
            f"{speed.samples:,.0f}",
            f"{speed.samples / speeds[0].samples:.2f}",
            f"{speed.samples / bare.samples:.0%}",
            f"{speed.memory / 2**20:,.0f} MiB" if speed.memory is not None else "–",
        )
    out.print(table)
    say(
        out,
        f"{spec.workload}, batches of {spec.batch_size}, {spec.precision}, {device.type}, "
        f"{spec.resources.cpus_per_trial} threads. A new study would train with engine = {chosen!r}.",
    )
