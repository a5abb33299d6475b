"""The Optuna mirror, seen by Optuna and by the real optuna-dashboard."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
import pytest
from optuna.trial import TrialState

from oracle.driver.optuna_mirror import KEY, MARK, OptunaMirror, delete_mirror
from scyc import InputError
from studies import engine_url
from tests.oracle.driver.test_stopped_trials import ruled
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.studies.server import Server

pytestmark = pytest.mark.slow

COLUMNS = ["test", "val_loss", "test_loss", "train_loss", "diverged", "density", "seconds", "checkpoint"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/scyc.db"
    server: Server = request.getfixturevalue("server")
    return server.empty()


@pytest.fixture
def lab(url: str) -> Iterator[Laboratory]:
    with Laboratory(small_spec(levels=2), optimum=0.28, ceiling=0.5, url=url) as lab:
        yield lab


def mirror_of(lab: Laboratory, url: str, warnings: list[str] | None = None) -> OptunaMirror:
    return OptunaMirror(url, lab.store, lab.run, "s", lab.spec, (warnings if warnings is not None else []).append)


def sweep_mirrored(lab: Laboratory, url: str, most: int | None = None) -> None:
    warnings: list[str] = []
    with closing(mirror_of(lab, url, warnings)) as mirror:
        lab.work(lab.sweep(mirror), most)
    assert warnings == []


def mirrored(url: str) -> dict[str, list[optuna.trial.FrozenTrial]]:
    storage = optuna.storages.RDBStorage(engine_url(url))
    try:
        names = optuna.get_all_study_names(storage)
        return {name: optuna.load_study(study_name=name, storage=storage).get_trials() for name in sorted(names)}
    finally:
        storage.remove_session()
        storage.engine.dispose()


def told(url: str) -> Any:
    """What the mirror says, without numbers and times."""
    return {
        name: sorted((t.user_attrs[KEY], t.state.name, t.params, t.values, t.intermediate_values) for t in trials)
        for name, trials in mirrored(url).items()
    }


def test_every_ended_trial_is_an_optuna_trial(lab: Laboratory, url: str) -> None:
    lab.fails = {(1, 0, 0.1)}
    sweep_mirrored(lab, url)
    found = mirrored(url)
    assert list(found) == ["s/level-00", "s/level-01"]
    for level, trials in enumerate(found.values()):
        truth = {trial.id: trial for trial in lab.store.trials(lab.run.id, level, curves=True)}
        assert {trial.user_attrs[KEY] for trial in trials} == set(truth)
        for trial in trials:
            true = truth[trial.user_attrs[KEY]]
            assert trial.params == {"max_lr": true.max_lr}
            assert trial.user_attrs["seed"] == true.seed
            if true.result is None:
                assert trial.state == TrialState.FAIL
                assert "on fire" in trial.user_attrs["error"]
            else:
                assert trial.value == true.result.val
                shown = {name: value for name, value in trial.user_attrs.items() if name not in (KEY, "seed")}
                assert shown == {name: getattr(true.result, name) for name in COLUMNS}
                assert trial.intermediate_values == {e.step: e.val for e in true.result.epochs}


def test_a_trial_that_was_stopped_is_pruned(lab: Laboratory, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.driver.oracle_run.next_action", ruled)
    monkeypatch.setattr("oracle.driver.oracle_run.audited", lambda *_: False)
    sweep_mirrored(lab, url)
    expected = told(url)
    pruned = [trial for trials in mirrored(url).values() for trial in trials if trial.state == TrialState.PRUNED]
    truth = {trial.id: trial for trial in lab.store.trials(lab.run.id, curves=True) if trial.stopped is not None}
    assert {trial.user_attrs[KEY] for trial in pruned} == set(truth) != set()
    for trial in pruned:
        stopped = truth[trial.user_attrs[KEY]].stopped
        assert stopped is not None
        assert trial.intermediate_values == {epoch.step: epoch.val for epoch in stopped.epochs}
        assert trial.params == {"max_lr": truth[trial.user_attrs[KEY]].max_lr}
    with closing(mirror_of(lab, url)) as mirror:
        mirror.rebuild()
    assert told(url) == expected


def test_a_driver_that_goes_on_mirrors_what_a_dead_one_did_not(lab: Laboratory, url: str) -> None:
    lab.work(lab.sweep(), most=4)  # recorded, and never mirrored
    sweep_mirrored(lab, url)
    expected = told(url)
    with closing(mirror_of(lab, url)) as mirror:
        assert mirror.rebuild() == sum(map(len, expected.values()))
    assert told(url) == expected


def test_rebuilding_mends_what_was_tampered_with(lab: Laboratory, url: str) -> None:
    sweep_mirrored(lab, url)
    expected = told(url)
    storage = optuna.storages.RDBStorage(engine_url(url))
    optuna.delete_study(study_name="s/level-00", storage=storage)
    for name in ("s/level-07", "not ours"):
        optuna.create_study(study_name=name, storage=storage)
    storage.remove_session()
    storage.engine.dispose()
    with closing(mirror_of(lab, url)) as mirror:
        mirror.rebuild()
    assert told(url) == expected | {"not ours": [], "s/level-07": []}


@pytest.mark.parametrize("marks", [{}, {"workload": "mine", "density": 1.0}, {"scyc_study": "another"}])
def test_a_study_that_the_mirror_did_not_make_is_left_alone(marks: dict[str, Any], lab: Laboratory, url: str) -> None:
    storage = optuna.storages.RDBStorage(engine_url(url))
    mine = optuna.create_study(study_name="s/level-00", storage=storage, direction="maximize")
    mine.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    for name, value in marks.items():
        mine.set_user_attr(name, value)
    before, warnings = mine.get_trials(), list[str]()
    with closing(mirror_of(lab, url, warnings)) as mirror:
        lab.work(lab.sweep(mirror))
        assert "'s/level-00' was not made by this mirror" in warnings[0]
        with pytest.raises(InputError, match="was not made by this mirror"):
            mirror.rebuild()
    delete_mirror(url, "s")
    assert mine.get_trials() == before
    assert mirrored(url).keys() == {"s/level-00"}
    storage.remove_session()
    storage.engine.dispose()


def test_a_mirror_of_an_earlier_version_is_known_by_its_trials(lab: Laboratory, url: str) -> None:
    sweep_mirrored(lab, url)
    storage = optuna.storages.RDBStorage(engine_url(url))
    for study in storage.get_all_studies():
        assert MARK in study.user_attrs
        with storage.engine.begin() as connection:
            connection.exec_driver_sql(f"DELETE FROM study_user_attributes WHERE key = '{MARK}'")
    storage.remove_session()
    storage.engine.dispose()
    delete_mirror(url, "s")
    assert mirrored(url) == {}


def test_a_failing_mirror_fails_no_sweep(lab: Laboratory, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no mirror today")

    monkeypatch.setattr(optuna.Study, "add_trial", broken)
    warnings: list[str] = []
    with closing(mirror_of(lab, url, warnings)) as mirror:
        lab.work(lab.sweep(mirror))
    assert len(lab.winners()) == 2
    assert len(warnings) == 1
    assert "scyc studies mirror s --rebuild" in warnings[0]


@pytest.fixture
def dashboard(lab: Laboratory, url: str) -> Iterator[str]:
    """Address of a real optuna-dashboard on the study's database."""
    sweep_mirrored(lab, url)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("optuna-dashboard")), engine_url(url)]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(30)


def get(address: str, patience: float = 60) -> Any:
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as response:
                return json.load(response)
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_optuna_dashboard_shows_it(lab: Laboratory, dashboard: str) -> None:
    summaries = get(f"{dashboard}/api/studies")["study_summaries"]
    assert [summary["study_name"] for summary in summaries] == ["s/level-00", "s/level-01"]
    detail = get(f"{dashboard}/api/studies/{summaries[1]['study_id']}?after=0")
    assert len(detail["trials"]) == len(lab.store.trials(lab.run.id, 1))
    best = max(trial["values"][0] for trial in detail["trials"])
    truth = [trial.result.val or 0.0 for trial in lab.store.trials(lab.run.id, 1) if trial.result]
    assert best == max(truth)
