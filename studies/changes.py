"""What has changed in a study: for those who look often, and must cost the driver nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from sqlalchemy import func, select

from studies import row_mapping, schema
from studies.records import TrialState
from studies.store_part import StorePart, persistent
from studies.study_records import StudyChanges

if TYPE_CHECKING:
    from datetime import datetime

    from studies.records import TrialRecord

_studies, _runs, _levels, _leases = schema.studies.c, schema.runs.c, schema.levels.c, schema.leases.c
_trials = schema.trials.c


class Changes(StorePart):
    """Changes of the studies of one database. Every method is one transaction."""

    @persistent
    def changes(self, study_id: int) -> StudyChanges | None:
        """Return what tells whether anything about a study has changed; None if there is no such study."""
        of_study = select(_runs.id).where(_runs.study_id == study_id).scalar_subquery()
        decided = select(func.count(), func.max(_levels.decided_at)).where(_levels.run_id.in_(of_study))
        former, taken_back = schema.spec_history.c, schema.level_history.c
        trials = (
            select(
                _trials.state,
                func.count(),
                func.max(_trials.id),
                func.sum(_trials.attempts),
                func.max(_trials.finished_at),
            )
            .where(_trials.run_id.in_(of_study))
            .group_by(_trials.state)
        )
        with self._database.read() as connection:
            study = connection.execute(select(_studies.name, _studies.spec_hash).where(_studies.id == study_id)).first()
            if study is None:
                return None
            groups = [tuple(row) for row in connection.execute(trials)]
            levels, decided_at = connection.execute(decided).one()
            lease = connection.execute(select(schema.leases).where(_leases.study_id == study_id)).first()
            counts = dict.fromkeys(get_args(TrialState), 0)
            return StudyChanges(
                name=str(study.name),
                spec_hash=study.spec_hash,
                former=connection.execute(select(func.count()).where(former.study_id == study_id)).scalar_one(),
                runs=connection.execute(select(func.count()).where(_runs.study_id == study_id)).scalar_one(),
                decided=levels,
                decided_at=decided_at,
                superseded=connection.execute(select(func.count()).where(taken_back.run_id.in_(of_study))).scalar_one(),
                counts=counts | {state: number for state, number, *_ in groups},
                newest=max((newest for _, _, newest, *_ in groups), default=0),
                attempts=sum(int(attempts or 0) for *_, attempts, _ in groups),
                finished_at=max((at for *_, at in groups if at is not None), default=None),
                token=lease.token if lease else 0,
                holder=lease.holder if lease else None,
                heartbeat_at=lease.heartbeat_at if lease and lease.holder is not None else None,
                alive=bool(lease and lease.holder is not None and lease.expires_at > self._database.clock(connection)),
            )

    @persistent
    def finished_after(self, study_id: int, since: datetime | None, most: int) -> list[tuple[TrialRecord, str]]:
        """Return the trials of all runs of a study that ended after a moment, newest first, with their runs' names.

        Args:
            study_id: the study.
            since: the moment, by the drivers' clock. Default: all that have ended.
            most: how many at most, >= 1.
        """
        with self._database.read() as connection:
            runs = dict(map(tuple, connection.execute(select(_runs.id, _runs.name).where(_runs.study_id == study_id))))
            wanted = _trials.run_id.in_(runs) & _trials.finished_at.is_not(None)
            if since is not None:
                wanted &= _trials.finished_at > since
            columns = self._database.columns(connection, schema.trials)
            query = select(*columns).where(wanted).order_by(_trials.finished_at.desc(), _trials.id.desc()).limit(most)
            return [(row_mapping.trial_record(row), runs[row.run_id]) for row in connection.execute(query)]
