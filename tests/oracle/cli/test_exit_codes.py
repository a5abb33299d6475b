"""1 for what may pass by itself, 2 for what the user has to change; a sentence either way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from studies import LeaseLost, Store, StudyBusy, StudyError, StudyNotFound, StudyUnavailable
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.oracle.cli.conftest import Ended


def assert_sentence_alone(ended: Ended) -> None:
    """No name of a class before it, nor a hint of a traceback after it."""
    assert ended.out == ""
    assert ended.err.count("\n") == 1
    assert ended.err.startswith("The ")
    assert ended.err.endswith(".\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StudyUnavailable("The database is away."), 1),
        (StudyBusy("The study is being worked on.", "me", 1), 1),
        (LeaseLost("The lease is lost."), 1),
        (StudyNotFound("The study is not there."), 2),
        (StudyError("The URL makes no sense."), 2),
    ],
)
def test_every_kind_of_error(
    scyc: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, error: StudyError, code: int
) -> None:
    def fails(*_: object, **__: object) -> Store:
        raise error

    monkeypatch.setattr(Store, "open", fails)
    ended = scyc("show", "s")
    assert ended.code == code
    assert_sentence_alone(ended)


def test_what_nobody_foresaw_has_a_name_and_a_hint(scyc: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> Store:
        raise RuntimeError("Something broke.")

    monkeypatch.setattr(Store, "open", fails)
    ended = scyc("show", "s")
    assert ended.code == 1
    assert "RuntimeError: Something broke." in ended.err
    assert "scyc --debug" in ended.err


def test_a_server_that_nobody_reaches(scyc: Callable[..., Ended]) -> None:
    ended = scyc("show", "s", "--db", "postgresql://me@127.0.0.1:1/d")
    assert ended.code == 1
    assert "check that its server runs" in ended.err
    assert_sentence_alone(ended)


def test_a_file_that_somebody_writes_to(
    scyc: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studies.sqlite.BUSY_SECONDS", 0.1)
    path = tmp_path / "scyc.db"
    with Laboratory(small_spec(), url=f"sqlite:///{path}"), closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        ended = scyc("studies", "delete", "s", "--yes")
        assert ended.code == 1
        assert "another process" in ended.err
        assert_sentence_alone(ended)
