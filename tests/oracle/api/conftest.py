"""A study that is swept once, and copied for every test that would change it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from tests.oracle.copies import copy_study

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


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A finished study, for tests that only look at it."""
    folder = tmp_path_factory.mktemp("swept")
    return oracle.sweep(SMALL, name="small", db=f"sqlite:///{folder}/scyc.db", executor="inline")


@pytest.fixture
def study(swept: Study, tmp_path: Path) -> Study:
    """A copy of it, for tests that change it."""
    copy_study(Path(swept.db.removeprefix("sqlite:///")).parent, tmp_path)
    return oracle.Study("small", f"sqlite:///{tmp_path}/scyc.db")
