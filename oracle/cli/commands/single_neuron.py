"""`scyc single-neuron`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from oracle.cli.app import EXPERIMENTS, AsJson, app
from oracle.cli.speaking import out, print_json, say

COVERAGE = 0.999


@app.command("single-neuron", rich_help_panel=EXPERIMENTS)
def single_neuron(
    dimension: Annotated[int, typer.Option(help="Number of inputs, at least 2.")] = 10,
    runs: Annotated[int, typer.Option(help="Number of random initialisations, at least 1.")] = 1000,
    steps: Annotated[int, typer.Option(help="Steps of gradient descent before the pruning, and again after it.")] = 300,
    seed: Annotated[int, typer.Option(help="Seed of the examples and the initialisations.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Count how often a single neuron learns relu(x_1): with its weights reset after the pruning, and with them kept.

    Theory (Gadhikar & Burkholz, ICLR 2024): with reset weights (IMP) it succeeds from a quarter of all initial signs,
    with kept weights (LRR) from half.
    """
    from rich.table import Table

    from scyc.single_neuron import SIGNS, Setting
    from scyc.single_neuron import single_neuron as experiment

    setting = Setting(dimension=dimension, runs=runs, steps=steps, seed=seed)
    rates = experiment(setting)
    bounds = {name: _bounds(rate.runs, rate.expected) for name, rate in rates.items()}
    if as_json:
        found = {
            name: asdict(rate) | {"successes": rate.successes, "runs": rate.runs, "rate": rate.rate}
            for name, rate in rates.items()
        }
        print_json({"setting": asdict(setting), "coverage": COVERAGE, "rates": found, "bounds": bounds})
        return
    titles = {
        "d=1": "one input",
        "dense": f"{dimension} inputs",
        "imp": f"{dimension} → 1, reset (IMP)",
        "lrr": f"{dimension} → 1, kept (LRR)",
    }
    table = Table("", "success", "in theory", "99.9 % of the time", *(f"{s[0]}a {s[1]}w₁" for s in SIGNS), box=None)
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    for name, rate in rates.items():
        low, high = bounds[name]
        counts = (f"{good} of {of}" for good, of in rate.by_signs.values())
        table.add_row(titles[name], f"{rate.rate:.1%}", f"{rate.expected:.0%}", f"{low:.1%} – {high:.1%}", *counts)
    out.print(table)
    say(out, f"The pruning kept the right input for {rates['lrr'].masks:,} of {runs:,} initialisations.")


def _bounds(runs: int, expected: float) -> tuple[float, float]:
    """Return the two rates between which 99.9 % of such experiments end if the theory holds (binomial)."""
    from scipy.stats import binom

    low, high = binom.interval(COVERAGE, runs, expected)
    return float(low) / runs, float(high) / runs
