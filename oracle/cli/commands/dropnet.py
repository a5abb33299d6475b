"""`scyc dropnet`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from oracle.cli.app import EXPERIMENTS, AsJson, app
from oracle.cli.speaking import err, out, print_json, say

if TYPE_CHECKING:
    from scyc.dropnet import Cycle

Named = Literal["minimum", "maximum", "random", "minimum_layer", "maximum_layer", "random_layer"]


@app.command(name="dropnet", rich_help_panel=EXPERIMENTS)
def dropnet_(
    workload: Annotated[
        str, typer.Option(metavar="W", help="Name or import path of a workload with a sequential network.")
    ] = "mnist1d/mlp-300-100",
    criterion: Annotated[
        Named | None, typer.Option(help="How to choose the units to drop. Default: minimum.", show_default=False)
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(help="Fraction of the remaining units that each cycle drops. Default: 0.2.", show_default=False),
    ] = None,
    at_a_time: Annotated[
        int | None,
        typer.Option(help="Number of units that each cycle drops, instead of a fraction.", show_default=False),
    ] = None,
    kappa: Annotated[
        float, typer.Option(help="Stop when the validation accuracy falls to this fraction of the first cycle's.")
    ] = 0.5,
    cycles: Annotated[
        int | None, typer.Option(help="Largest number of cycles. Default: no limit.", show_default=False)
    ] = None,
    epochs: Annotated[int, typer.Option(help="Largest number of epochs per cycle.")] = 100,
    patience: Annotated[
        int, typer.Option(help="End a cycle after this many epochs without a lower validation loss.")
    ] = 5,
    lr: Annotated[float, typer.Option(help="Constant learning rate of plain SGD.")] = 0.1,
    batch_size: Annotated[int, typer.Option(help="Examples per step.")] = 32,
    reinit: Annotated[bool, typer.Option("--reinit", help="Draw new initial weights for every cycle.")] = False,
    seeds: Annotated[
        list[int] | None,
        typer.Option("--seed", help="A seed to train with. Repeatable. Default: 0.", show_default=False),
    ] = None,
    oracle: Annotated[
        bool,
        typer.Option("--oracle", help="Drop one unit per cycle: the one without which the training loss is lowest."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Drop nodes and filters with DropNet. Each cycle trains from the same weights and drops the least active units."""
    from oracle.api.errors import InputError
    from scyc.data import check_dataset, summarise
    from scyc.dropnet import DropNet, EarlyStopping, dropnet, hidden_layers
    from scyc.workloads import load_workload

    if oracle and (criterion is not None or rate is not None):
        raise InputError("--oracle drops one unit at a time, by the training loss; leave out --criterion and --rate.")
    if at_a_time is not None and rate is not None:
        raise InputError("--at-a-time and --rate both say how many units a cycle drops; give one of them.")
    if any(seed < 0 for seed in seeds or []):
        raise InputError(f"A seed must be 0 or greater, but one of these is {min(seeds or [])}.")
    settings = DropNet(
        criterion="oracle" if oracle else criterion or "minimum",
        rate=0.2 if rate is None else rate,
        at_a_time=at_a_time,
        kappa=kappa,
        cycles=cycles,
        reinit=reinit,
        training=EarlyStopping(epochs=epochs, patience=patience, batch_size=batch_size, lr=lr),
    )
    found = load_workload(workload)
    hidden_layers(found.build_model())  # refused before any data are loaded
    data = found.load_data()
    check_dataset(data, f"the workload {workload!r}")
    say(err, f"Data: {summarise(data, batch_size)}")
    if not as_json:
        say(out, f"{'seed':>5} {'cycle':>6} {'kept':>7} {'val':>7} {'test':>7} {'epochs':>7}  units")
    runs: list[dict[str, Any]] = []
    for seed in dict.fromkeys(seeds or [0]):
        trained: list[dict[str, Any]] = []
        for cycle in dropnet(found.build_model, data, settings, seed=seed, augmentation=found.augmentation):
            trained.append(_to_json(cycle))
            if not as_json:
                say(out, _row(seed, cycle))
            if cycle.end is not None:
                runs.append({"seed": seed, "end": cycle.end, "cycles": trained})
                if not as_json:
                    say(out, _ending(cycle, kappa, trained[0]["val_accuracy"]))
    if as_json:
        print_json({"workload": workload, "settings": asdict(settings), "runs": runs})


def _row(seed: int, cycle: Cycle) -> str:
    units = "-".join(str(count) for count in cycle.units.counts.values())
    return (
        f"{seed:>5} {cycle.cycle:>6} {cycle.units.fraction:>7.1%} {cycle.val_accuracy:>7.1%} "
        f"{cycle.test_accuracy:>7.1%} {len(cycle.epochs):>7}  {units}"
    )


def _ending(cycle: Cycle, kappa: float, first: float) -> str:
    match cycle.end:
        case "accuracy":
            why = (
                f"the validation accuracy of {cycle.val_accuracy:.1%} is at most {kappa:g} times the {first:.1%} of "
                "the network with all units"
            )
        case "nothing left":
            why = "nothing is left to drop"
        case "diverged":
            why = "training diverged; choose a smaller --lr"
        case _:
            why = "it has reached the largest number of cycles"
    return f"Ended after cycle {cycle.cycle}: {why}."


def _to_json(cycle: Cycle) -> dict[str, Any]:
    last = cycle.epochs[-1]
    return {
        "cycle": cycle.cycle,
        "fraction": cycle.units.fraction,
        "units": cycle.units.counts,
        "epochs": len(cycle.epochs),
        "train_loss": last.train_loss,
        "val_loss": last.val_loss,
        "val_accuracy": last.val_accuracy,
        "test_loss": cycle.test_loss,
        "test_accuracy": cycle.test_accuracy,
    }
