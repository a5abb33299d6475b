"""Every kind of database that the store must behave the same on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from studies import RunRecord, Store
from tests.studies.ready_made import ready_made
from tests.studies.server import MIGRATED, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def disk(tmp_path: Path) -> str:
    """A database that is not there yet."""
    return f"sqlite:///{tmp_path}/scyc.db"


@pytest.fixture
def memory() -> Iterator[str]:
    """A new database in memory, at the newest revision."""
    with ready_made():
        yield "sqlite://"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "scyc.db"
    with Store.open(f"sqlite:///{path}"):
        return path


@pytest.fixture
def sqlite(disk: str, tmp_path: Path, migrated: Path) -> str:
    """A database at the newest revision."""
    shutil.copy(migrated, tmp_path / "scyc.db")
    return disk


@pytest.fixture
def postgresql(server: Server) -> Iterator[str]:
    """A database at the newest revision: always the same, emptied after every test."""
    yield server.url(MIGRATED)
    server.execute("TRUNCATE scyc_studies, scyc_launches RESTART IDENTITY CASCADE", MIGRATED)


@pytest.fixture
def empty_postgresql(server: Server) -> Iterator[str]:
    """A database without tables."""
    url = server.empty()
    yield url
    server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def common(request: pytest.FixtureRequest) -> str:
    """A database that several processes can use at once."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture(params=["disk", "empty_postgresql"])
def nothing(request: pytest.FixtureRequest) -> str:
    """A place where there are no tables yet."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with Store.open(request.getfixturevalue(request.param)) as store:
        yield store


@pytest.fixture
def run(store: Store) -> RunRecord:
    study = store.create_study("s", {}, "hash", "memory://a", {})
    return store.open_run(study.id, "oracle")
