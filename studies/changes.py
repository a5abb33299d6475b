"""What has changed in a study: for those who look often, and must cost the driver nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from sqlalchemy import func, inspect, select

from studies import machines, row_mapping, schema
from studies.records import TrialState
from studies.store_part import StorePart, persistent
from studies.study_records import StudyChanges

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from sqlalchemy import Connection

    from studies.records import TrialRecord

_studies, _runs, _levels, _leases = schema.studies.c, schema.runs.c, schema.levels.c, schema.leases.c
_trials = schema.trials.c


class Changes(StorePart):
    """Changes of the studies of one database. Every method is one transaction."""

    @persistent
    def pulse(self) -> str | None:
        """Return what is another text once anything was committed to the database, by any process.

        It is cheap to ask for, and may change for no reason. None where it cannot be told: then look for changes.
        """
        return self._database.pulse()

    @persistent
    def changes(self, study_id: int) -> StudyChanges | None:
        """Return what tells whether anything about a study has changed; None if there is no such study."""
        of_study = select(_runs.id).where(_runs.study_id == study_id).scalar_subquery()
        decided = select(func.count(), func.max(_levels.decided_at)).where(_levels.run_id.in_(of_study))
        former, taken_back = schema.spec_history.c, schema.level_history.c
        # Each is answered by an index alone, however many trials there are: those still to be trained are few.
        trials = (
            select(_trials.state, func.count(), func.max(_trials.id))
            .where(_trials.run_id.in_(of_study))
            .group_by(_trials.state)
        )
        tried = select(func.sum(_trials.attempts)).where(
            _trials.run_id.in_(of_study), _trials.state.in_(("pending", "failed"))
        )
        ended = select(func.max(_trials.finished_at)).where(_trials.run_id.in_(of_study))
        with self._database.read() as connection:
            study = connection.execute(select(_studies.name, _studies.spec_hash).where(_studies.id == study_id)).first()
            if study is None:
                return None
            groups = [tuple(row) for row in connection.execute(trials)]
            levels, decided_at = connection.execute(decided).one()
            columns = self._database.columns(connection, schema.leases)
            lease: Any = connection.execute(select(*columns).where(_leases.study_id == study_id)).first()
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
                newest=max((newest for *_, newest in groups), default=0),
                attempts=int(connection.scalar(tried) or 0),
                finished_at=connection.scalar(ended),
                token=lease.token if lease else 0,
                holder=lease.holder if lease else None,
                heartbeat_at=lease.heartbeat_at if lease and lease.holder is not None else None,
                alive=bool(lease and lease.holder is not None and lease.expires_at > self._database.clock(connection)),
                stop=lease.stop if lease else None,
                launches=_launches(connection, str(study.name)),
            )

    @persistent
    def finished_between(
        self, study_id: int, since: datetime | None, until: datetime | None, most: int
    ) -> list[tuple[TrialRecord, str]]:
        """Return the trials of a study that ended between two moments, with the names of their runs, newest first.

        Args:
            study_id: the study.
            since: they ended after this moment, by the drivers' clock. None: from the first one on.
            until: they ended at this moment or before. None: up to the last one.
            most: how many at most, >= 1.
        """
        with self._database.read() as connection:
            runs = dict(map(tuple, connection.execute(select(_runs.id, _runs.name).where(_runs.study_id == study_id))))
            wanted = _trials.run_id.in_(runs) & _trials.finished_at.is_not(None)
            if since is not None:
                wanted &= _trials.finished_at > since
            if until is not None:
                wanted &= _trials.finished_at <= until
            columns = self._database.columns(connection, schema.trials)
            query = select(*columns).where(wanted).order_by(_trials.finished_at.desc(), _trials.id.desc()).limit(most)
            return [(row_mapping.trial_record(row), runs[row.run_id]) for row in connection.execute(query)]

    @persistent
    def workers(self, study_id: int) -> int | None:
        """Return how many workers a study had when the training of its last trial to end began.

        None if that is not on record.
        """
        of_study = select(_runs.id).where(_runs.study_id == study_id).scalar_subquery()
        last = select(_trials.id).where(_trials.run_id.in_(of_study), _trials.finished_at.is_not(None))
        with self._database.read() as connection:
            if not machines.has_starts(connection):
                return None
            trial = last.order_by(_trials.finished_at.desc()).limit(1).scalar_subquery()
            trained = schema.trial_machines.c
            return connection.scalar(select(trained.workers).where(trained.trial_id == trial))


def _launches(connection: Connection, study: str) -> tuple[int, datetime | None]:
    """Return how often the launches of a study have changed, and when last."""
    if not inspect(connection).has_table(schema.launches.name):  # in a former version's database
        return 0, None
    one = schema.launches.c
    query = select(
        *(func.count(at) for at in (one.created_at, one.began_at, one.ended_at)),
        *(func.max(at) for at in (one.created_at, one.began_at, one.ended_at)),
    ).where(one.study == study)
    *counts, created, began, ended = connection.execute(query).one()
    return sum(counts), max((at for at in (created, began, ended) if at is not None), default=None)
