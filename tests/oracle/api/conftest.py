"""A study that is swept once, and copied for every test that would change it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from studies import Store

if TYPE_CHECKING:
    from oracle import Study

SMALL: dict[str, Any] = {
    "workload": "digits/mlp-20",
    "engine": "eager",
    "levels": 3,
    "seeds": [0, 1],
    "epochs": 1,
    "search": {"max_lr": {"values": [0.05, 0.2, 0.8]}, "widen": 0},
}


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A finished study, for tests that only look at it."""
    folder = tmp_path_factory.mktemp("swept")
    return oracle.sweep(SMALL, name="small", db=f"sqlite:///{folder}/scyc.db", executor="inline")


@pytest.fixture
def study(swept: Study, tmp_path: Path) -> Study:
    """A copy of it, for tests that change it."""
    folder = Path(swept.db.removeprefix("sqlite:///")).parent
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    db = f"sqlite:///{tmp_path}/scyc.db"
    with Store.open(db) as store, store._database.write() as connection:  # its weights moved with it
        connection.exec_driver_sql(f"UPDATE scyc_studies SET artifacts = '{tmp_path}/scyc-artifacts/small'")
    return oracle.Study("small", db)
