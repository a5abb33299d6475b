"""`scyc watch`, on studies whose trials are made up; while it sleeps, the test lets something happen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from oracle.driver.lease import driving
from oracle.results.status import study_status
from oracle.study.extending import extend_study, extended
from oracle.study.opening import study_spec
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.oracle.cli.conftest import Ended
    from tests.studies.server import Server


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Do one of these things every time that `scyc watch` sleeps."""

    def do(*things: Callable[[], object]) -> None:
        coming = iter(things)
        monkeypatch.setattr("oracle.cli.commands.watch.time.sleep", lambda _: next(coming)())

    return do


def interrupt() -> None:
    raise KeyboardInterrupt


def test_lines_until_every_level_is_decided(
    scyc: Callable[..., Ended], meanwhile: Callable[..., None], tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/scyc.db"
    with Laboratory(small_spec(), url=url) as lab, driving(lab.store, lab.store.study("s")):
        sweep = lab.sweep()
        meanwhile(lambda: lab.work(sweep, most=7), lambda: None, lambda: lab.work(sweep))
        ended = scyc("watch", "s", "--db", url)
    assert ended.code == 0, ended.err
    first, second, third, last = ended.out.splitlines()  # one look saw nothing new
    assert "0 of 3 levels decided" in first
    assert "- left" in first
    assert "1 of 3 levels decided (the last one's best max_lr is 0.2), 7/18 trials done, 5 pending" in second
    assert "(process" in second
    assert "3 of 3 levels decided" in third
    assert last == f"Every level is decided. See `scyc show s --db {url}`."


def test_json(scyc: Callable[..., Ended], meanwhile: Callable[..., None], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/scyc.db"
    with Laboratory(small_spec(), url=url) as lab:
        meanwhile(lab.finish)
        ended = scyc("watch", "s", "--db", url, "--json")
    assert ended.code == 0
    before, after = map(json.loads, ended.out.splitlines())
    assert (before["state"], before["holder"], after["state"]) == ("waiting", None, "finished")
    assert after["trials"] == {"done": 18, "stopped": 0, "pending": 0, "failed": 0, "total": 18}
    assert [level["winner"] for level in after["decided"]] == [0.2, 0.2, 0.2]


def test_failed_trials_in_the_way_end_it(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/scyc.db"
    with Laboratory(small_spec(), fails=[(1, 7, 0.2)], url=url) as lab:
        lab.finish()
        ended = scyc("watch", "s", "--db", url)
    assert ended.code == 1
    assert "Level 1 of 's' cannot be decided: 1 of its trials failed" in ended.err
    assert "--retry-failed" in ended.err


def test_what_an_extension_has_made_history_of_is_in_nobodys_way(tmp_path: Path) -> None:
    fixed = {"max_lr": {"values": [0.1, 0.2, 0.4]}, "widen": 0}
    with Laboratory(
        small_spec(search=fixed), optimum=0.28, fails=[(1, 7, 0.2)], url=f"sqlite:///{tmp_path}/a.db"
    ) as lab:
        lab.finish()
        assert study_status(lab.store, "s").state == "blocked"
        study = lab.store.study("s")
        lab.spec = extended(former := study_spec(study), candidates=[0.28])
        extend_study(lab.store, study, former, lab.spec)
        lab.finish()  # level 1 grows from another winner now
        seen = study_status(lab.store, "s")
        assert (seen.pending, seen.failed, len(seen.decided), seen.state) == (0, 1, 1, "blocked")
        lab.store.requeue_failed(lab.run.id)
        seen = study_status(lab.store, "s")
        assert (seen.pending, seen.failed, len(seen.decided), seen.state) == (1, 0, 1, "waiting")


def test_ctrl_c_ends_it(scyc: Callable[..., Ended], meanwhile: Callable[..., None], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/scyc.db"
    with Laboratory(small_spec(), url=url):
        meanwhile(interrupt)
        assert scyc("watch", "s", "--db", url).code == 130


def test_what_is_not_there_is_bad_input(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    assert scyc("watch", "s").code == 2
    url = f"sqlite:///{tmp_path}/scyc.db"
    with Laboratory(small_spec(), url=url):
        assert "No study named 'other'" in scyc("watch", "other", "--db", url).err


@pytest.mark.faults
def test_a_database_that_goes_away_is_waited_for(
    scyc: Callable[..., Ended],
    meanwhile: Callable[..., None],
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("studies.retrying.PATIENCE", 0.2)
    url = server.empty()
    with Laboratory(small_spec(), url=url) as lab:
        meanwhile(server.stop, lambda: None, server.start, lab.finish)
        ended = scyc("watch", "s", "--db", url)
    assert ended.code == 0, ended.err
    assert ended.err.count("Trying again until it answers") == 1
    assert "The database answers again." in ended.err
    assert "Every level is decided" in ended.out


def test_the_picture_for_a_terminal(
    scyc: Callable[..., Ended], meanwhile: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.console import Console

    monkeypatch.setattr("oracle.cli.commands.watch.out", Console(force_terminal=True, width=100))
    url = f"sqlite:///{tmp_path}/scyc.db"
    with Laboratory(small_spec(), url=url) as lab, driving(lab.store, lab.store.study("s")):
        sweep = lab.sweep()
        lab.work(sweep, most=8)
        seen = study_status(lab.store, "s")
        assert seen.tenure is not None
        assert 0 <= seen.tenure.silence < 30
        assert seen.seconds_left is not None
        meanwhile(lambda: lab.work(sweep))
        ended = scyc("watch", "s", "--db", url)
    assert ended.code == 0
    assert "s: finished" in ended.out
    assert "last heartbeat" in ended.out
