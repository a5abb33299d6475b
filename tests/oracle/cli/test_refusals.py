"""Bad input: one sentence on standard error, exit code 2, and nothing trained or left behind."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.oracle.cli.conftest import Ended


@pytest.fixture(autouse=True)
def _no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("A trial was trained.")

    monkeypatch.setattr("oracle.execution.network_worker.run_trials", forbidden)
    monkeypatch.setattr("oracle.execution.tune.TuneExecutor.run", forbidden)


def refused(ended: Ended) -> str:
    assert ended.code == 2, (ended.out, ended.err)
    sentence = ended.err.strip()
    assert sentence.endswith("."), sentence
    assert "Traceback" not in sentence
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("levles=3", "levles"),
        ("pruning.rate=-0.2", "pruning.rate"),
        ("pruning.rate=1", "pruning.rate"),
        ("pruning.rate=nan", "pruning.rate"),
        ("search.max_lr.values=[]", "search.max_lr.values"),
        ("search.max_lr.low=nan", "search.max_lr.low"),
        ("search.max_lr.count=0", "search.max_lr.count"),
        ("workload=no_such_module:thing", "no_such_module"),
        ("workload=mnist1d/mlp", "mnist1d/mlp-300-100"),
        ("pruning.rewind_step=100000", "rewind_step"),
        ("batch_size=100000", "batch"),
        ("resources.gpus_per_trial=1", "GPU"),
    ],
)
def test_a_bad_field_is_named(setting: str, words: str, scyc: Callable[..., Ended], tmp_path: Path) -> None:
    sentence = refused(scyc("sweep", "--set", setting))
    assert words in sentence
    assert list(tmp_path.iterdir()) == []


def test_a_spec_that_is_not_toml(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "spec.toml").write_text("levels = = 3")
    assert "spec.toml is not TOML" in refused(scyc("sweep", "spec.toml"))


def test_a_spec_that_is_not_there(scyc: Callable[..., Ended]) -> None:
    assert "nowhere.toml" in refused(scyc("sweep", "nowhere.toml"))


def test_a_file_that_is_no_database(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "scyc.db").write_text("this is not a database, but it is long enough to look like one" * 50)
    assert "scyc.db" in refused(scyc("sweep"))


@pytest.mark.parametrize("url", ["sqlite:///no/such/folder/scyc.db", "nonsense", "mysterydb://host/name"])
def test_a_database_that_cannot_be_opened(url: str, scyc: Callable[..., Ended]) -> None:
    refused(scyc("sweep", "--db", url))


def test_a_password_is_not_repeated(scyc: Callable[..., Ended]) -> None:
    ended = scyc("sweep", "--db", "mysterydb://me:hunter2@host/name")
    assert "hunter2" not in refused(ended) + ended.out


@pytest.mark.parametrize("command", [("sweep",), ("show", "a"), ("resume", "a"), ("watch", "a"), ("studies", "list")])
@pytest.mark.parametrize("url", ["postgresql://me:x@hunter2@host/name", "postgresql://me:hun/hunter2@host:1/name"])
def test_no_command_repeats_a_password(
    command: tuple[str, ...], url: str, scyc: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = scyc(*command, "--db", url)
    monkeypatch.setenv("SCYC_DB", url)
    for ended in (given, scyc(*command)):
        assert "hunter2" not in refused(ended) + ended.out
        assert "%40" in ended.err


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:a?mode=memory&uri=true"])
@pytest.mark.parametrize("command", [("sweep",), ("show", "a"), ("studies", "list")])
def test_a_database_in_memory(command: tuple[str, ...], url: str, scyc: Callable[..., Ended]) -> None:
    assert "in memory, and would vanish" in refused(scyc(*command, "--db", url))


@pytest.mark.parametrize("url", ["s3://key:hunter2@bucket", "sftp://me:hun/hunter2@host/a", "https://h/a?sig=hunter2"])
def test_an_artifact_store_with_a_password(url: str, scyc: Callable[..., Ended], tmp_path: Path) -> None:
    assert "hunter2" not in refused(scyc("sweep", "--artifacts", url))
    assert "hunter2" not in refused(scyc("studies", "import", "x", "--artifacts", url))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["show", "report", "resume"])
def test_a_study_or_database_that_is_not_there(command: str, scyc: Callable[..., Ended], tmp_path: Path) -> None:
    refused(scyc(command, "nobody"))
    assert list(tmp_path.iterdir()) == []


def test_no_space_left_for_artifacts(
    scyc: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(total=10**9, used=10**9 - 1000, free=1000))
    sentence = refused(scyc("sweep", "--executor", "inline"))
    assert "scyc-artifacts" in sentence
    assert not (tmp_path / "scyc.db").exists()


def test_an_artifact_folder_that_cannot_be_written(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    refused(scyc("sweep", "--artifacts", str(tmp_path / "taken"), "--executor", "inline"))


def test_a_name_that_is_no_name(scyc: Callable[..., Ended]) -> None:
    assert "a/b" in refused(scyc("sweep", "--name", "a/b"))


def test_options_that_do_not_go_together(scyc: Callable[..., Ended]) -> None:
    refused(scyc("sweep", "--executor", "inline", "--workers", "2"))
    assert "time limit" in refused(scyc("sweep", "--executor", "inline", "--trial-timeout", "60"))
    assert "scyc submit" in refused(scyc("sweep", "--ray-address", "ray://127.0.0.1:10001"))
    processes = ("sweep", "--executor", "processes")
    assert "Ray address" in refused(scyc(*processes, "--ray-address", "127.0.0.1:1"))
    assert "GPU" in refused(scyc(*processes, "--set", "resources.gpus_per_trial=1"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"--db": "postgresql://me:hunter2@host/name"}, "PGPASSWORD"),
        ({"--db": "postgresql://me@host/name?password=hunter2"}, "PGPASSWORD"),
        ({"--db": "postgresql://me:hun/ter2@host/name"}, "%2F"),
        ({"--db": "postgresql://me:hun@hunter2@host/name"}, "%40"),
        ({"--db": "postgresql://me@host/name?PASSWORD=hunter2"}, "PGPASSWORD"),
        ({"--db": "host=host user=me password=hunter2"}, "makes no sense"),
        ({"--artifacts": "s3://key:hunter2@bucket"}, "--artifacts"),
        ({"--artifacts": "s3://key:hun/hunter2@bucket"}, "--artifacts"),
        ({"--db": "sqlite:///scyc.db"}, "PostgreSQL"),
        ({"--set": "levles=3"}, "levles"),
        ({}, "No job server answers at http://127.0.0.1:1"),
    ],
)
def test_a_job_that_is_not_submitted(options: dict[str, str], words: str, scyc: Callable[..., Ended]) -> None:
    pytest.importorskip("aiohttp", reason="scyc submit needs the extra `cluster`")
    given = {"--ray-address": "http://127.0.0.1:1", "--db": "postgresql://me@host/name", "--artifacts": "/shared"}
    sentence = refused(scyc("submit", *(word for option in (given | options).items() for word in option)))
    assert words in sentence
    assert "hunter2" not in sentence
