"""Edited exports are refused with the rule that they break, or work; an edited study never hides another one."""

from __future__ import annotations

import shutil
from random import Random
from typing import TYPE_CHECKING

import pytest

from studies import Store
from tests.oracle import edits

if TYPE_CHECKING:
    from pathlib import Path

    from studies import Tables

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tables, Path]:
    folder = tmp_path_factory.mktemp("sample")
    tables, _ = edits.sample(folder)
    return tables, folder / "scyc.db"


def test_exports(sample: tuple[Tables, Path], tmp_path: Path) -> None:
    tables, _ = sample
    assert edits.try_export(tables, tmp_path / "whole") == "works"
    for seed in range(40):
        edited, what = edits.edit_export(tables, Random(seed))
        assert edits.try_export(edited, tmp_path / "edited") in ("refused", "works"), (seed, what)


def test_rows(sample: tuple[Tables, Path], tmp_path: Path) -> None:
    _, original = sample
    url = f"sqlite:///{tmp_path}/scyc.db"
    with Store.open(f"sqlite:///{original}", read_only=True) as store:
        expected = edits.shown(store, f"sqlite:///{original}")
    for seed in range(20):
        shutil.copy(original, tmp_path / "scyc.db")
        what = edits.edit_rows(url, Random(seed))
        assert edits.try_rows(url, expected) in ("works", "said"), (seed, what)
