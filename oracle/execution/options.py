"""How a study's trials are trained: the options of a command or a call."""

from __future__ import annotations

from dataclasses import dataclass

from scyc import InputError

AUTO = "auto"
"""The executor by default: Ray Tune for a Ray cluster or GPUs, processes of this machine otherwise."""


@dataclass(frozen=True)
class ExecutionOptions:
    """How a study's trials are trained. No option changes a number, but `accept_changes` lets changed data do so.

    Attributes:
        executor: "auto", or one of `oracle.execution.EXECUTORS`.
        workers: how many trials to train at a time, >= 1; None for as many as fit on this machine or the Ray cluster.
        ray_address: address of a running Ray cluster, HOST:PORT; None for none.
        trial_timeout: seconds after which a trial is ended and counts as failed, > 0; None for no limit.
        retries: how often to train a trial again if it fails, >= 0.
        retry_failed: whether to train trials again that are recorded as failed.
        mirror: whether to record trials for optuna-dashboard too.
        accept_changes: whether to continue although data or own code are not those that the study has recorded. The
            change is recorded, and workers do not check theirs.
        launch: number of the launch that this is done for, which is recorded as begun; None for none.

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
    accept_changes: bool = False
    launch: str | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise InputError(f"workers is {self.workers}; give 1 or more, or None for as many as fit.")
        if self.trial_timeout is not None and not self.trial_timeout > 0:
            raise InputError(
                f"trial_timeout is {self.trial_timeout} seconds; give a time above 0, or None for no limit."
            )
        if self.retries < 0:
            raise InputError(f"retries is {self.retries}; give 0 or more.")
