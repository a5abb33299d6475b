"""Studies, leases, runs and decided levels, as plain frozen values. Times are aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime


Wish = Literal["pause", "cancel"]
"""How a driver is asked to stop: once the trials under way have ended, or at once."""

LaunchState = Literal["accepted", "driving", "ended", "stopped", "refused", "withdrawn"]
"""How far a launch is.

    accepted: no driver has begun with it.
    driving: a driver has taken the study's lease for it.
    ended: everything that it asked for is done.
    stopped: its driver stopped before that, and the study can be resumed.
    refused: it cannot be done; nothing was changed.
    withdrawn: it was paused or cancelled before a driver began.
"""


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """A spec and where its weights are kept.

    Attributes:
        spec: the spec as plain JSON values.
        spec_hash: identifies the spec; a study is resumed only with a spec of the same hash.
        artifacts: URL or absolute folder of the artifact store.
        provenance: who and what made it (versions, hardware, commit), as plain JSON values.
    """

    id: int
    name: str
    spec: dict[str, Any]
    spec_hash: str
    artifacts: str
    provenance: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SpecRecord:
    """A former spec of a study, from before it was extended."""

    study_id: int
    spec: dict[str, Any]
    spec_hash: str
    superseded_at: datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to drive a study until `expires_at`; `token` grows with every holder."""

    study_id: int
    token: int
    holder: str
    acquired_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TenureRecord:
    """Who holds a study's lease, seen from outside.

    Attributes:
        since: when it was acquired.
        seconds: how long ago that was.
        silence: seconds since the last heartbeat.
        seconds_left: until the lease lapses; negative once it has.
        stop: how the holder was asked to stop; None if nobody has asked.
    """

    holder: str
    since: datetime
    seconds: float
    silence: float
    seconds_left: float
    stop: Wish | None = None


@dataclass(frozen=True, slots=True)
class LaunchRecord:
    """Somebody has asked for a driver, which starts in a process or on a machine of its own.

    Attributes:
        study: name of the study, which a "sweep" may yet have to make.
        action: what the driver is to do: "sweep", "resume" or "extend".
        request: with what: the spec, the options, what is added; plain JSON values.
        message: how it ended, in full sentences, or what went wrong; None as long as there is nothing to say.
        token: of the lease that its driver took; None before that.
        created_at, began_at, ended_at: by the clock of the database.
    """

    id: str
    study: str
    action: str
    request: dict[str, Any]
    state: LaunchState
    message: str | None
    token: int | None
    created_at: datetime
    began_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A walk through the levels under one policy: "oracle", or the name of a level schedule.

    Attributes:
        wall_seconds: that drivers have spent on it.
        policy: the schedule with its parameters, as plain JSON values; None for the oracle's run.
    """

    id: int
    study_id: int
    name: str
    created_at: datetime
    wall_seconds: float
    policy: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class LevelRecord:
    """A decided level: its density in (0, 1], the winning `max_lr`, and whether that sits on the grid's edge.

    Attributes:
        superseded_at: when the level was reopened; None while the decision holds.
    """

    run_id: int
    level: int
    density: float
    winner: float
    edge: bool
    decided_at: datetime
    superseded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StudyChanges:
    """What tells whether anything about a study has changed, from one moment of the database.

    Attributes:
        name: of the study.
        spec_hash: of its spec.
        former: how many specs it had before.
        runs: how many runs it has.
        decided: how many levels are decided.
        decided_at: when the newest decision was made.
        superseded: how many decisions were taken back.
        counts: trials of all runs, by state.
        newest: the highest number of a trial; 0 if there is none.
        attempts: how many trainings of those that are pending or have failed for good did fail.
        finished_at: when the last trial ended, by its driver's clock.
        token: of the lease; 0 if nobody ever had it.
        holder: of the lease; None if nobody has it.
        heartbeat_at: its holder's last sign of life, by the database's clock.
        alive: whether the lease has not lapsed.
        stop: what its holder was asked to do: "pause" or "cancel"; None if nothing.
        launches: how often the launches of the study have changed, and when last.
    """

    name: str
    spec_hash: str
    former: int
    runs: int
    decided: int
    decided_at: datetime | None
    superseded: int
    counts: dict[str, int]
    newest: int
    attempts: int
    finished_at: datetime | None
    token: int
    holder: str | None
    heartbeat_at: datetime | None
    alive: bool
    stop: str | None
    launches: tuple[int, datetime | None]

    @property
    def ended(self) -> int:
        """How many trials have ended, however they did."""
        return sum(number for state, number in self.counts.items() if state != "pending")


@dataclass(frozen=True, slots=True)
class CandidateRecord:
    """What is on record of a candidate: of its trials on all seeds together.

    Attributes:
        trials: how many there are, by state.
        val: sum of what the finite ones reached, in the metric's own units.
        finite: how many trainings are finite, as `TrialResult.finite` says.
        diverged: how many diverged, those that are not finite included.
    """

    level: int
    max_lr: float
    trials: dict[str, int]
    val: float
    finite: int
    diverged: int
