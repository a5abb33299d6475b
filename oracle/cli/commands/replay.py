"""`scyc replay`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oracle.cli.app import SEARCH, AsJson, DatabaseUrl, Overrides, app
from oracle.cli.speaking import out, print_json, say
from oracle.spec.search_methods import SEARCH_METHODS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.table import Table

    from oracle.replaying import Recording, Replay
    from oracle.spec.metric import MetricSpec


@app.command(rich_help_panel=SEARCH)
def replay(
    study: Annotated[
        str, typer.Argument(metavar="STUDY", help="Name of a finished grid study, or a recorded .npz file.")
    ],
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            metavar="|".join(SEARCH_METHODS),
            help="Search method to replay. Repeatable. Default: all.",
            show_default=False,
        ),
    ] = None,
    overrides: Overrides = None,
    workers: Annotated[int, typer.Option(min=1, help="How many trainings run at a time, on the simulated clock.")] = 1,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many of the recorded seeds a replayed study has; the others stand for the truth. Default: 3, or "
            "one less than are recorded.",
            show_default=False,
        ),
    ] = None,
    orders: Annotated[int, typer.Option(min=1, help="How many choices and orders of the seeds to replay.")] = 4,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz",
            help="Write the recording to a file, which needs no database. Without --method, do nothing else.",
            show_default=False,
        ),
    ] = None,
    db: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Replay search methods on a finished grid study: what each would have trained and found. Nothing is trained.

    Each replay is a study of some of the recorded seeds. It is judged by the full grid on the same seeds, and by the
    other seeds, which stand for the truth.
    """
    from oracle.api.replaying import recording_of, replay_methods, to_json
    from oracle.spec.files import parse_override

    fields = dict(parse_override(override) for override in overrides or ())
    recording = recording_of(study, db)
    if save is not None:
        recording.save(save)
    replays = []
    if methods or save is None:
        replays = replay_methods(recording, methods or (), fields, seeds=seeds, orders=orders, workers=workers)
    if as_json:
        print_json(to_json(recording, replays))
        return
    if save is not None:
        say(out, f"The recording is at {save.resolve()}")
    if replays:
        out.print(_table(recording, replays))
        for sentence in _explained(recording, replays, workers):
            say(out, sentence)


def _table(recording: Recording, replays: Sequence[Replay]) -> Table:
    from rich.table import Table

    columns: dict[str, Callable[[Replay], str]] = {
        "method": lambda one: one.name,
        "trainings": lambda one: _mean(one, "trainings", "{:.0f}"),
        "epochs": lambda one: _mean(one, "share", "{:.0%}"),
        "time": lambda one: _mean(one, "clock", "{:.0f}"),
        "busy": lambda one: _mean(one, "busy", "{:.0%}"),
        "regret, test": lambda one: _range(one, "test_regret", "{:.2f}"),
        "validation": lambda one: _mean(one, "validation_regret", "{:.2f}"),
        "as good": lambda one: _mean(one, "inside", "{:.0%}"),
        "overlap": lambda one: _range(one, "overlap", "{:.0%}"),
        "of ceiling": lambda one: _mean(one, "ratio", "{:.0%}"),
        "on path": lambda one: _mean(one, "on_path", "{:.0%}"),
    }
    table = Table(*columns, box=None, title=f"{recording.name}: search methods, replayed")
    for column in table.columns[1:]:
        column.justify = "right"
    table.columns[0].no_wrap = True
    for one in replays:
        table.add_row(*(cell(one) for cell in columns.values()))
    return table


def _mean(one: Replay, measure: str, text: str) -> str:
    spread = one.spreads[measure]
    return "-" if spread is None else text.format(spread.mean)


def _range(one: Replay, measure: str, text: str) -> str:
    """Return a mean, with its range if it has one."""
    spread = one.spreads[measure]
    if spread is None or spread.low == spread.high:
        return _mean(one, measure, text)
    return f"{text.format(spread.mean)} ({text.format(spread.low)} – {text.format(spread.high)})"


def _explained(recording: Recording, replays: Sequence[Replay], workers: int) -> list[str]:
    """Say how to read the table."""
    judgements = replays[0].judgements
    sentences = [
        f"Means over {len(judgements)} choices and orders of the seeds; in brackets their range. Epochs: as a share of "
        f"the full grid's. Time: in {'reports' if recording.spec.own_training else 'epochs'} of one training, with "
        f"{workers} worker{'s' * (workers > 1)}. Regret: {_lost(recording.spec.metric)} on the seeds that the study "
        "does not have. As good: levels at which the chosen max_lr lies in the model interval of the full grid. "
        "Overlap: of the method's model intervals with the other seeds'; the ceiling is what the full grid reaches on "
        "the same seeds. On path: levels that start from the recorded winner; the others are replayed as if they did."
    ]
    if not judgements[0].validation_regret:
        sentences.append("No recorded seed is left to stand for the truth; choose fewer with --seeds.")
    if outside := [one.name for one in replays if (spread := one.spreads["outside"]) and spread.mean > 0]:
        sentences.append(
            f"{', '.join(outside)}: some candidates are outside the recorded {recording.rates[0]:g} to "
            f"{recording.rates[-1]:g}, and count as the nearest end."
        )
    if stuck := [one.name for one in replays if (spread := one.spreads["decided"]) and spread.low < 1]:
        sentences.append(f"{', '.join(stuck)}: not all levels are decided, as no candidate was finite on every seed.")
    return sentences


def _lost(metric: MetricSpec) -> str:
    """Return what a regret is."""
    what = f"points of {metric.name}" if metric.points else f"how much worse the {metric.name} is"
    return f"{what} {'that the chosen max_lr loses' if metric.points else 'with the chosen max_lr'}"
