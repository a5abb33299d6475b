"""Every kind of database that the store must behave the same on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from studies import RunRecord, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = {"memory": "sqlite://", "disk": f"sqlite:///{tmp_path}/scyc.db"}[request.param]
    with Store.open(url) as store:
        yield store


@pytest.fixture
def disk(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/scyc.db"


@pytest.fixture
def run(store: Store) -> RunRecord:
    study = store.create_study("s", {}, "hash", "memory://a", {})
    return store.open_run(study.id, "oracle")
