"""How a study's trials are trained: what a command, a notebook or a web page lets one choose."""

from __future__ import annotations

from dataclasses import dataclass

from scyc import InputError

AUTO = "auto"
"""Of the executor: Ray Tune for a Ray cluster or GPUs, processes of this machine otherwise."""


@dataclass(frozen=True)
class ExecutionOptions:
    """How a study's trials are trained. No option changes a number.

    Attributes:
        executor: who trains: "auto", or one of `oracle.execution.EXECUTORS`.
        workers: trials trained at a time, >= 1; None for as many as this machine, or the Ray cluster, has room for.
        ray_address: of a running Ray cluster, HOST:PORT; None for none.
        trial_timeout: seconds that a trial may take, > 0, before it is ended and counts as failed; None for no limit.
        retries: how often a trial that fails is trained again, >= 0.
        retry_failed: whether trials that are recorded as failed are trained once more.
        mirror: whether trials are shown to optuna-dashboard too.

    Raises:
        InputError: a number is out of range.
    """

    executor: str = AUTO
    workers: int | None = None
    ray_address: str | None = None
    trial_timeout: float | None = None
    retries: int = 1
    retry_failed: bool = False
    mirror: bool = True

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise InputError(f"workers is {self.workers}, but at least one trial has to be trained at a time.")
        if self.trial_timeout is not None and not self.trial_timeout > 0:
            raise InputError(
                f"trial_timeout is {self.trial_timeout} seconds; give a time above 0, or None for no limit."
            )
        if self.retries < 0:
            raise InputError(f"retries is {self.retries}; give 0 or more.")
