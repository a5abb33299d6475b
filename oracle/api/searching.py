"""Searching with a training of your own: the way in for scripts and notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from oracle.api.entry import sweep
from oracle.spec.trial import OWN
from scyc.errors import InputError
from scyc.own_objects import can_be_imported, give, is_training, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.api.displays import Display
    from oracle.api.study import Study
    from oracle.trials.trial import Trial


def search(
    train: Callable[[Trial], Mapping[str, Any]] | str | None = None,
    *,
    name: str,
    max_lr: tuple[float, float] | tuple[float, float, int] | Sequence[float] | Mapping[str, Any],
    command: str | None = None,
    levels: int = 13,
    rate: float = 0.2,
    seeds: int | Sequence[int] = 3,
    method: str = "grid",
    metric: Any = None,
    profile: str | Mapping[str, Any] | None = None,
    unit: str = "epochs",
    budget: int | None = None,
    cpus_per_trial: int = 1,
    gpus_per_trial: float = 0,
    db: str | None = None,
    artifacts: str | None = None,
    workers: int | None = None,
    executor: str = "auto",
    ray_address: str | None = None,
    trial_timeout: float | None = None,
    retries: int = 1,
    retry_failed: bool = False,
    mirror: bool = True,
    accept_changes: bool = False,
    progress: bool | Display | None = None,
    **fields: Any,
) -> Study:
    """Find the best `max_lr` at every pruning level for a training of your own. If the study exists, resume it.

    >>> def train(trial):
    ...     network = load(trial.parent) if trial.parent else new(trial.seed)
    ...     for epoch in range(10):
    ...         ...  # with the learning rate trial.lr_at(epoch / 10)
    ...         trial.report(val=validate(network), step=epoch)
    ...     save(network, trial.out)
    ...     return {"val": validate(network), "test": test(network)}
    >>> oracle.search(train, name="mine", levels=8, max_lr=(1e-3, 1.0), workers=4)  # doctest: +SKIP

    Args:
        train: takes a trial (`oracle.Trial`), trains it, and returns {"val": NUMBER}, with "test" and "spent" where
            they are known; a `val` that is NaN or infinite means that the training diverged. Or its import path,
            "my_package.my_module:train". One that was defined in a script or a notebook is sent to the workers, and
            stored nowhere: to resume its study, run this call again.
        name: name of the study.
        max_lr: where to search: (low, high), (low, high, number of candidates), a list of the candidates, or the fields
            of [search.max_lr].
        command: a command that trains a trial, in place of `train`; see `oracle.current_trial`.
        levels: number of levels, including the dense one.
        rate: fraction of the remaining weights pruned per level, in (0, 1); it gives `trial.density`.
        seeds: their number, or a list of them.
        method: search method, see `scyc spec`.
        metric: what `val` is, an `oracle.Metric` or the fields of [metric]. Default: accuracy, a fraction.
        profile: the learning rate within a level: a kind, or the fields of [profile].
        unit: what the budget is counted in: "epochs", "steps", "tokens" or any other word.
        budget: how many units one trial takes. A racing search needs it to end hopeless trials early.
        cpus_per_trial: CPU cores of one trial, >= 1.
        gpus_per_trial: GPUs of one trial: a part of one, or a whole number of them.
        db: URL of the database. Default: `$SCYC_DB`, else `sqlite:///scyc.db`.
        artifacts: folder or URL for what the trainings of a new study leave. Default: beside the database.
        workers: how many trials to train at a time. Default: as many as fit on this machine, or on the Ray cluster.
        executor: a name in `oracle.execution.EXECUTORS`, or "auto": Ray Tune for a cluster or GPUs, else processes.
        ray_address: address of a running Ray cluster. Default: if Ray is needed, a local one is started for the call.
        trial_timeout: seconds after which a trial is ended and counts as failed. Default: no limit.
        retries: how often to train a trial again if it fails.
        retry_failed: also train the trials that failed for good.
        mirror: also record trials for optuna-dashboard.
        accept_changes: continue although your code is not what the study has recorded; the change is recorded too.
        progress: whether to show a bar. Default: only in a notebook.
        fields: other fields of the spec, such as `**{"search.widen": 0}`.

    Returns:
        The finished study.

    Raises:
        InputError: an argument is not valid, or the study exists with another spec or other code; nothing was changed.
        StudyError: the database cannot be used, or the study stopped before its end (`oracle.StudyStopped`).
        KeyboardInterrupt: the call was interrupted; the same call resumes the study.
    """
    trial = {"unit": unit, "budget": budget, "command": command}
    spec: dict[str, Any] = {
        "levels": levels,
        "seeds": list(range(seeds)) if isinstance(seeds, int) else list(seeds),
        "engine": OWN,
        "pruning": {"rate": rate},
        "search": {"method": method, "max_lr": _where(max_lr)},
        "trial": {key: value for key, value in trial.items() if value is not None},
        "resources": {"cpus_per_trial": cpus_per_trial, "gpus_per_trial": float(gpus_per_trial)},
    }
    if (train is None) == (command is None):
        raise InputError("Give either a training, which is a function of one trial, or a command.")
    if train is not None:
        spec["workload"] = train if isinstance(train, str) else _named(train)
    if metric is not None:
        spec["metric"] = metric
    if profile is not None:
        spec["profile"] = {"kind": profile} if isinstance(profile, str) else dict(profile)
    return sweep(
        spec,
        name=name,
        db=db,
        artifacts=artifacts,
        workers=workers,
        executor=executor,
        ray_address=ray_address,
        trial_timeout=trial_timeout,
        retries=retries,
        retry_failed=retry_failed,
        mirror=mirror,
        accept_changes=accept_changes,
        progress=progress,
        **fields,
    )


def _named(train: Callable[..., Any]) -> str:
    """Return the name of a training, which this process knows from then on if it cannot be imported."""
    if not is_training(train):
        raise InputError(
            f"The training should be a function of one trial, def train(trial): ..., but it is {train!r}; other "
            "parameters need defaults."
        )
    name = name_of(train)
    if not can_be_imported(train):
        give(name, train)
    return name


def _where(max_lr: Any) -> dict[str, Any]:
    """Return the fields of [search.max_lr]."""
    if isinstance(max_lr, Mapping):
        return dict(max_lr)
    if isinstance(max_lr, tuple) and len(max_lr) in (2, 3):
        low, high, *count = max_lr
        return {"low": float(low), "high": float(high)} | ({"count": count[0]} if count else {})
    if isinstance(max_lr, Sequence) and not isinstance(max_lr, str):
        return {"values": [float(value) for value in max_lr]}
    raise InputError(
        "max_lr says where to search: (low, high), (low, high, number of candidates), or a list of candidates, but it "
        f"is {max_lr!r}."
    )
