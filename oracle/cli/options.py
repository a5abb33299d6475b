"""The options of the commands that train."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from oracle.execution.registry import EXECUTORS

if TYPE_CHECKING:
    _Executor = str
else:
    _Executor = Literal["auto", *EXECUTORS]

Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How many trials to train at a time. Default: as many as fit on this machine, or on the Ray cluster.",
        show_default=False,
    ),
]
ExecutorName = Annotated[
    _Executor,
    typer.Option(
        "--executor",
        help="Where trials run. tune: on Ray Tune. processes: in processes of this machine. inline: in this process. "
        "auto: tune for a cluster or GPUs, otherwise processes.",
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Address of a running Ray cluster. Default: if Ray is needed, a local cluster is started for the command.",
        show_default=False,
    ),
]
Retries = Annotated[int, typer.Option(min=0, help="How often to train a trial again if it fails.")]
TrialTimeout = Annotated[
    float | None,
    typer.Option(
        min=1,
        metavar="SECONDS",
        help="Time limit of a trial, from when its training starts. One that takes longer is ended and counts as "
        "failed. Default: no limit.",
        show_default=False,
    ),
]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Also train the trials that failed for good.")]
Mirror = Annotated[bool, typer.Option("--mirror/--no-mirror", help="Also record trials for optuna-dashboard.")]
