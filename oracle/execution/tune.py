"""Ray Tune as an executor: a thin searcher asks the source for trials and gives it their outcomes.

The database is the only truth. Tune's own folder can be thrown away. `Tuner.restore` is never called, because it
replays a snapshot that is older than the database.
"""

from __future__ import annotations

import os
import signal
import threading
import uuid
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import ray
from ray import tune
from ray._private import ray_constants
from ray.job_config import JobConfig
from ray.tune.search import Searcher

from oracle.execution import search_path
from oracle.execution.deaths import Forgiving, died
from oracle.execution.groups import Groups
from oracle.execution.messages import answers_from_json, answers_to_json, requests_from_json, requests_to_json
from oracle.execution.pickled import pickled, receive
from oracle.execution.places import fitting, places
from oracle.execution.scratch import scratch_folder
from oracle.execution.surroundings import short_place
from oracle.execution.trainer import Trainer
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.execution import ExecutionOptions, TrialSource
    from oracle.execution.messages import Request
    from oracle.spec.model import Spec
    from studies import Artifacts

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # send nothing to Ray's makers
    "RAY_AIR_NEW_OUTPUT": "0",  # the sweep itself shows progress
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # users' own workloads are imported from the working folder
    "RAY_enable_worker_prestart": "0",  # workers started in advance do not have a sweep's environment
    "RAY_prestart_worker_first_driver": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # Ctrl-C ends the sweep, not just Tune's loop
    "TUNE_GLOBAL_CHECKPOINT_S": "86400",  # Tune's snapshots are never read
}


LOOPBACK, LOCAL = "127.0.0.1", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


class TuneExecutor:
    """Trains on Ray workers, on a running cluster or on one that it starts itself.

    Args:
        workers: how many trials to train at a time, >= 1; None for as many as fit on the cluster at the start.
        address: address of a running Ray cluster; None starts one for `workers` on this machine, and stops it later.
        limit: seconds that a trial may take; None for no limit.
    """

    def __init__(self, workers: int | None, address: str | None = None, limit: float | None = None) -> None:
        self.workers, self.address, self.limit = workers, address, limit

    @classmethod
    def from_options(cls, options: ExecutionOptions, spec: Spec) -> Self:
        """Return an executor on the options' cluster, or on a cluster of its own on this machine.

        Raises:
            InputError: the address is that of a Ray client.
        """
        address = options.ray_address
        if address is not None and address.startswith("ray://"):
            raise InputError(
                f"The Ray address {address} is that of a Ray client, but the driver of a sweep must be part of the "
                "cluster; give HOST:PORT on a machine of the cluster, or start the driver there with `scyc submit`."
            )
        return cls(options.workers or (None if address else places(spec)), address, options.trial_timeout)

    @property
    def here(self) -> bool:
        """Whether it starts a cluster of its own, on this machine."""
        return self.address is None

    def run(self, source: TrialSource, spec: Spec, artifacts: Artifacts) -> None:
        """Train until `source.finished`."""
        resources = {"cpu": spec.resources.cpus_per_trial, "gpu": spec.resources.gpus_per_trial}
        with self._cluster(spec) as folder:
            workers = self.workers or _room(resources["cpu"], resources["gpu"])
            forgiving = Forgiving(source, self.limit)
            searcher = _SourceSearcher(forgiving, Groups(forgiving, spec, workers, forgiving.alone))
            folders = search_path.folders_of_the_user()
            trainable = tune.with_parameters(
                _TrialTrainable,
                spec=spec,
                artifacts=artifacts,
                limit=self.limit,
                folders=folders,
                training=pickled(spec),
            )
            tuner = tune.Tuner(
                tune.with_resources(trainable, resources),
                tune_config=tune.TuneConfig(
                    search_alg=searcher,
                    num_samples=-1,
                    max_concurrent_trials=workers,
                    reuse_actors=True,
                ),
                run_config=tune.RunConfig(
                    stop=_OnError(searcher),
                    name=f"sweep-{uuid.uuid4().hex[:8]}",
                    storage_path=str(folder),
                    checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                    callbacks=[_Clock(searcher)],
                    verbose=0,
                ),
            )
            tuner.fit()
        if searcher.error is not None:
            raise searcher.error

    @contextmanager
    def _cluster(self, spec: Spec) -> Iterator[Path]:
        """Connect to Ray and yield a temporary folder for Tune; both are gone afterwards."""
        os.environ.update(QUIET)
        paths = search_path.python_path(["", *search_path.given()])
        common: dict[str, Any] = {
            "logging_level": "ERROR",
            "log_to_driver": False,
            "runtime_env": {"env_vars": {"PYTHONPATH": paths, "RAY_CHDIR_TO_TRIAL_DIR": "0"}},
            "job_config": _Job(),
        }
        handler = signal.getsignal(signal.SIGTERM)
        with scratch_folder(short_place()) as scratch, ExitStack() as stack:
            if self.address is None:
                stack.enter_context(_on_loopback())
            stack.callback(ray.shutdown)
            if self.address is not None:
                ray.init(self.address, **common)
            else:
                ray.init(
                    "local",  # not another cluster that somebody else may have started on this machine
                    num_cpus=(self.workers or 1) * spec.resources.cpus_per_trial,
                    include_dashboard=False,
                    _node_ip_address=LOOPBACK,
                    _temp_dir=str(scratch / "ray"),
                    **common,
                )
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, handler)  # Ray replaces it by one that aborts this process
            yield scratch / "tune"


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Within the block, let a cluster that Ray starts listen on 127.0.0.1 alone, where no other machine reaches it.

    Ray knows this as a setting for Windows and macOS, which ask the user about every port that is open to others.
    """
    os.environ[LOCAL], ray_constants.ENABLE_RAY_CLUSTER = "0", False
    try:
        yield
    finally:
        del os.environ[LOCAL]
        ray_constants.ENABLE_RAY_CLUSTER = True


def _room(cpus: float, gpus: float) -> int:
    """Return how many trials fit on the cluster at a time; at least one, since more nodes may be about to join.

    Args:
        cpus: of one trial.
        gpus: likewise.
    """
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    there = [node["Resources"] for node in nodes if node["Alive"]]
    return max(1, sum(fitting(node.get("CPU", 0), node.get("GPU", 0), cpus, gpus) for node in there))


class _Job(JobConfig):
    """A Ray job whose workers do not look for modules in the driver's script folder and working folder first."""

    def _runtime_env_has_working_dir(self) -> bool:
        return True  # otherwise Ray puts those folders first on the workers' search path


class _TrialTrainable(tune.Trainable):
    """One trial of Tune is one group of our trials. Actors are reused, so data and code are loaded once per worker."""

    def setup(
        self,
        config: dict[str, Any],
        spec: Spec | None = None,
        artifacts: Artifacts | None = None,
        limit: float | None = None,
        folders: Sequence[str] = (),
        training: str | None = None,
    ) -> None:
        if spec is None or artifacts is None:
            raise TypeError("_TrialTrainable needs tune.with_parameters(..., spec=, artifacts=).")
        search_path.append(folders)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # Ray's handler raises SystemExit, as a workload may
        receive(spec, training)
        self.trainer = Trainer(spec, artifacts, limit)
        self.requests = requests_from_json(config["requests"])

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.requests = requests_from_json(new_config["requests"])
        return True

    def step(self) -> dict[str, Any]:
        return {"answers": answers_to_json(self.trainer.attempt(self.requests)), "done": True}  # Tune flattens lists


class _SourceSearcher(Searcher):
    """Hands groups of the source's requests to Tune, and Tune's results to the source."""

    def __init__(self, source: Forgiving, groups: Groups) -> None:
        super().__init__(metric="done", mode="max")
        self.source, self.groups = source, groups
        self.running: dict[str, list[Request]] = {}
        self.error: Exception | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune pickles its searcher into its folder; the database connection must not get there

    def suggest(self, trial_id: str) -> Any:
        if self.error is not None:
            return Searcher.FINISHED
        try:
            group = self.groups.next()
        except Exception as error:
            self.error = error
            return Searcher.FINISHED
        if not group:
            closed = self.source.gate is not None and self.source.gate.closed
            return Searcher.FINISHED if self.source.finished or closed else None
        self.running[trial_id] = group
        return {"requests": requests_to_json(group)}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        group = self.running.pop(trial_id, None)
        if group is None or self.error is not None:
            return
        try:
            answers = answers_from_json(result["answers"]) if result is not None and not error else died(group)
            self.source.record(list(zip(group, answers, strict=True)))
        except Exception as raised:
            self.error = raised  # Tune would only log it; here it ends the sweep

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        pass

    def save(self, checkpoint_path: str) -> None:
        pass

    def restore(self, checkpoint_path: str) -> None:
        pass


class _OnError(tune.Stopper):
    """Ends everything at once if outcomes can no longer be recorded: further training would be wasted."""

    def __init__(self, searcher: _SourceSearcher) -> None:
        self.searcher = searcher

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:  # noqa: ARG002
        return False

    def stop_all(self) -> bool:
        return self.searcher.error is not None


class _Clock(tune.Callback):
    """Notes when a worker starts on a trial. Until then, Tune may have kept the trial waiting."""

    def __init__(self, searcher: _SourceSearcher) -> None:
        self.searcher = searcher

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:  # noqa: ARG002
        if (group := self.searcher.running.get(trial.trial_id)) is not None:
            self.searcher.source.begun(group, self.searcher.groups.workers)
