"""Launching drivers that outlive the process that asked for them: on this machine, or as jobs of a Ray cluster.

A launch is on record before anything is started. Its driver takes the study's lease and says so; from then on the study
can be resumed like any other. If the driver never begins, the launch can be started again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oracle.api.defaults import check_artifacts, default_artifacts, study_name
from oracle.driver.lease import has_died, past_the_dead
from oracle.execution import ExecutionOptions
from oracle.execution.detached import start_detached
from oracle.execution.scratch import scratch_folder
from oracle.spec.files import parse_spec
from oracle.spec.permitted import check_permitted
from oracle.study.extending import extended
from oracle.study.opening import study_spec
from scyc import InputError
from studies import (
    LaunchRecord,
    LaunchWithdrawn,
    Store,
    StudyError,
    StudyExists,
    StudyUnavailable,
    holds_password,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from oracle.api.displays import Display
    from oracle.spec.model import Spec
    from studies import TenureRecord


@dataclass(frozen=True)
class Launcher:
    """Launches drivers for the studies of one database.

    Attributes:
        db: URL of the database.
        artifacts: folder or URL for the weights of new studies. Default: beside the database.
        logs: folder for what drivers print. Default: beside the weights.
        ray_address: URL of a Ray cluster's dashboard, whose jobs the drivers become. Default: they run on this machine.
        allowed: import paths, commands and folders that a spec may name.
    """

    db: str
    artifacts: str | None = None
    logs: Path | None = None
    ray_address: str | None = None
    allowed: Collection[str] = ()

    def __post_init__(self) -> None:
        if self.artifacts is not None:
            check_artifacts(self.artifacts)
        if self.ray_address is not None and holds_password(self.db):
            raise InputError(
                "The URL of the database holds a password, which Ray's dashboard would show; leave it out: the cluster "
                "reads the password from $PGPASSWORD or ~/.pgpass of its head node."
            )

    def sweep(self, name: str, spec: Spec, options: ExecutionOptions) -> LaunchRecord:
        """Launch the sweep of a new study.

        Raises:
            InputError: the name is not valid, or the spec names something that is not allowed.
            StudyExists: there is a study of that name.
            LaunchWaiting: there is a launch of one that no driver has begun with.
        """
        name = study_name(name)
        check_permitted(spec, self.allowed)
        with Store.open(self.db) as store:
            place = self.artifacts or default_artifacts(self.db)
            return self._launch(store, name, "sweep", options, spec=spec.to_dict(), artifacts=place)

    def resume(self, name: str, options: ExecutionOptions) -> LaunchRecord:
        """Launch a driver that trains what is missing from a study.

        A launch that no driver has begun with is started again instead; an extension whose driver has died is done
        again.

        Raises:
            InputError: the study's spec names something that is not allowed.
            StudyBusy: a driver is working on the study.
            StudyError: there is no such study, or nothing is missing from it.
        """
        with Store.open(self.db, create=False) as store:
            spec, tenure = self._seen(store, name)
            last = next(iter(store.launches(name, most=1)), None)
            if last is not None and last.state == "accepted":
                self._start(store, last)
                return last
            if last is not None and last.action == "extend" and is_lost(last, tenure):
                return self._launch(store, name, "extend", options, **last.request["more"])
            check_permitted(spec, self.allowed)
            return self._launch(store, name, "resume", options)

    def extend(self, name: str, options: ExecutionOptions, **more: Any) -> LaunchRecord:
        """Launch a driver that adds levels, seeds or candidates to a study; see `oracle.study.extending`.

        Raises:
            InputError: nothing is added, it does not fit the study, or its spec names something that is not allowed.
            LaunchWaiting: there is a launch of the study that no driver has begun with.
            StudyBusy: a driver is working on the study.
            StudyError: there is no such study.
        """
        with Store.open(self.db, create=False) as store:
            spec, _ = self._seen(store, name)
            check_permitted(extended(spec, **more), self.allowed)
            return self._launch(store, name, "extend", options, **more)

    def again(self, launch_id: str) -> LaunchRecord:
        """Start a driver once more for a launch that none has begun with, or whose driver died before its study began.

        Raises:
            StudyError: there is no such launch, or a driver has begun with it; then resume its study.
        """
        with Store.open(self.db, create=False) as store:
            launch = store.launch(launch_id)
            if launch.state != "accepted":
                raise StudyError(
                    f"The launch {launch_id} is {launch.state}; resume its study {launch.study!r} instead."
                )
            self._start(store, launch)
            return launch

    def log(self, launch_id: str) -> Path:
        """Return the file that takes what a launch's driver prints, if it runs on this machine."""
        return self._logs / f"{launch_id}.log"

    @property
    def _logs(self) -> Path:
        return self.logs or Path(default_artifacts(self.db).removesuffix("-artifacts") + "-logs")

    def _seen(self, store: Store, name: str) -> tuple[Spec, TenureRecord | None]:
        """Return a study's spec, and who drives it or did so until the lease lapsed."""
        study = store.study(name)
        return study_spec(study), store.tenure(study.id)

    def _launch(self, store: Store, name: str, action: str, options: ExecutionOptions, **more: Any) -> LaunchRecord:
        if self.ray_address is not None:
            options = replace(options, ray_address="auto")
        given = {key: value for key, value in asdict(options).items() if value is not None and key != "launch"}
        request = {"options": given, "more": more}
        launch = past_the_dead(lambda dead: store.add_launch(name, action, request, dead))
        self._start(store, launch)
        return launch

    def _start(self, store: Store, launch: LaunchRecord) -> None:
        """Start a launch's driver; if that fails, the launch is refused."""
        try:
            if self.ray_address is not None:
                from oracle.execution.jobs import submit_job

                with scratch_folder() as nothing:
                    submit_job(self.ray_address, ["scyc", "drive", launch.id, "--db", self.db], nothing)
            else:
                self._logs.mkdir(parents=True, exist_ok=True)
                start_detached("oracle.cli", ["drive", launch.id], self.log(launch.id), {"SCYC_DB": self.db})
        except (InputError, OSError) as error:
            store.refuse_launch(launch.id, f"No driver could be started: {error}")
            raise


def drive(launch_id: str, db: str, display: Display) -> None:
    """Do what a launch asks for, as its driver. How it ends is on record.

    Raises:
        LaunchWithdrawn: it was withdrawn, or another driver has begun with it.
        InputError, StudyError, KeyboardInterrupt: as `oracle.api.sweeping` says; they are on record too.
    """
    with Store.open(db, create=False) as store:
        launch = store.launch(launch_id)
        if launch.state != "accepted":
            raise LaunchWithdrawn(f"The launch {launch_id} of {launch.study!r} is {launch.state}.")
        try:
            _do(launch, db, display)
        except BaseException as error:
            if not isinstance(error, KeyboardInterrupt | StudyUnavailable | StudyExists | LaunchWithdrawn):
                store.refuse_launch(launch_id, str(error))  # the others may pass, so it can be started again
            raise


def _do(launch: LaunchRecord, db: str, display: Display) -> None:
    from oracle.api.sweeping import extend, resume, sweep

    options, more = ExecutionOptions(**launch.request["options"], launch=launch.id), launch.request["more"]
    if launch.action == "sweep":
        sweep(parse_spec(more["spec"], "of the launch"), launch.study, db, more["artifacts"], options, display)
    elif launch.action == "extend" and not _is_extended(launch.study, db, more):
        extend(launch.study, db, options, display, **more)
    else:
        resume(launch.study, db, options, display)


def _is_extended(name: str, db: str, more: Mapping[str, Any]) -> bool:
    """Return whether a study has an extension already, by a driver that has died since."""
    with Store.open(db, create=False) as store:
        spec = study_spec(store.study(name))
    try:
        extended(spec, **more)
    except InputError:
        return True  # it was checked when it was launched
    return False


def is_lost(launch: LaunchRecord, tenure: TenureRecord | None) -> bool:
    """Return whether a launch's driver has gone without a word."""
    return launch.state == "driving" and (
        tenure is None
        or tenure.seconds_left <= 0
        or has_died(tenure.holder)
        or tenure.since > (launch.began_at or tenure.since)
    )
