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
        help="Trials trained at a time. Default: as many as fit on this machine, or on the Ray cluster.",
        show_default=False,
    ),
]
ExecutorName = Annotated[
    _Executor,
    typer.Option(
        "--executor",
        help="Where trials run: on Ray Tune, in processes of this machine, or in this process. auto: Ray Tune for a "
        "cluster and for GPUs, else processes.",
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="A running Ray cluster. Default: where Ray is used, a local one is started and stopped.",
        show_default=False,
    ),
]
Retries = Annotated[int, typer.Option(min=0, help="How often a trial that fails is trained again.")]
TrialTimeout = Annotated[
    float | None,
    typer.Option(
        min=1,
        metavar="SECONDS",
        help="A trial that takes longer is ended and counts as failed. Default: no limit.",
        show_default=False,
    ),
]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Train again the trials that failed for good.")]
Mirror = Annotated[bool, typer.Option("--mirror/--no-mirror", help="Show trials to optuna-dashboard too.")]
