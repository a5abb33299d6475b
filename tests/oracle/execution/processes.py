"""What the tests of executors with worker processes share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from oracle.driver.events import Listener
from oracle.driver.lease import driving
from oracle.driver.oracle_run import OracleRun
from oracle.spec.files import parse_spec
from oracle.study.opening import ORACLE, open_study
from oracle.testing.sweeps import SMALL
from studies import Artifacts, Store
from tests.studies.server import database_of

if TYPE_CHECKING:
    from oracle.execution import Executor
    from oracle.execution.messages import Failure, Outcome, TrialRequest
    from tests.studies.server import Server

OURS = str(os.getpid())


def processes(called: str, environment: str) -> list[int]:
    """Processes with a word in their command, and one in their environment: ours, not those of tests beside these."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command, variables = (folder.joinpath(name).read_bytes() for name in ("cmdline", "environ"))
            if called.encode() in command and environment.encode() in variables:
                found.append(int(folder.name))
        except OSError:
            continue
    return found


class Connections:
    """Tests that only the driver knows the database."""

    def make_executor(self, workers: int) -> Executor:
        raise NotImplementedError

    def test_the_driver_alone_opens_connections(self, server: Server, tmp_path: Path) -> None:
        url = server.empty()
        seen: list[int] = []

        class Counting(Listener):
            """Counts the connections to the database whenever a trial has ended, while others are under way."""

            def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
                query = (
                    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "  # no autovacuum
                    f"AND datname = '{database_of(url)}'"
                )
                seen.append(server.execute(query)[0][0])

        spec = parse_spec({**SMALL, "levels": 1, "seeds": [0, 1, 2]}, "of the test")
        with Store.open(url) as store:
            study = open_study(store, "small", spec, str(tmp_path / "artifacts"))
            artifacts = Artifacts(study.artifacts)
            with driving(store, study, lifetime=0.3) as fenced:
                sweep = OracleRun(fenced, fenced.open_run(study.id, ORACLE), spec, artifacts, Counting())
                self.make_executor(2).run(sweep, spec, artifacts)
            assert sweep.complete
        assert len(seen) >= 9
        assert set(seen) <= {1, 2}, seen  # one to read and write, one for the heartbeat, however many workers
