"""How far a study is, as the HTTP API says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.api.launching import is_lost
from oracle.results.status import StudyStatus, UnreadableStudy, study_status
from oracle.web.v1 import models
from studies import StudyNotFound, StudyUnavailable

if TYPE_CHECKING:
    from studies import LaunchRecord, Store


def summary(store: Store, number: int, name: str) -> models.Summary | None:
    """Return how far a study is, or why it cannot be read; None if it was deleted meanwhile."""
    try:
        return summary_of(number, study_status(store, name))
    except StudyNotFound:
        return None
    except StudyUnavailable:
        raise
    except Exception as error:  # rows that somebody edited may raise anything
        return summary_of(number, UnreadableStudy(name, str(error) or type(error).__name__))


def summary_of(number: int, status: StudyStatus | UnreadableStudy) -> models.Summary:
    """Return how far a study is."""
    if isinstance(status, UnreadableStudy):
        return models.Summary(id=number, name=status.study, state=status.state, error=status.error)
    tenure = status.tenure
    return models.Summary(
        id=number,
        name=status.study,
        state=status.state,
        workload=status.workload,
        levels=status.levels,
        decided=len(status.decided),
        trials=models.Counts(
            done=status.done,
            stopped=status.stopped,
            pending=status.pending,
            failed=status.failed,
            total=status.total,
        ),
        holder=tenure.holder if tenure else None,
        heartbeat_seconds_ago=tenure.silence if tenure else None,
        seconds_left=status.seconds_left,
        started=status.started,
    )


def launch_of(store: Store, record: LaunchRecord) -> models.Launch:
    """Return a launch as the API shows it."""
    number = store.find_study(record.study)
    driving = record.state == "driving"
    lost = driving and is_lost(record, store.tenure(number) if number is not None else None)
    values = {name: getattr(record, name) for name in models.Launch.model_fields if name not in ("study_id", "state")}
    return models.Launch.model_validate({**values, "study_id": number, "state": "lost" if lost else record.state})
