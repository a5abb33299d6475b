"""What `scyc doctor` finds, and when it exits with 1: when something that is there will not work."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oracle.cli import checks
from oracle.cli.checks import Finding, examine
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.oracle.cli.conftest import Ended


def about(subject: str, database: str = "sqlite:///scyc.db") -> Finding:
    return next(finding for finding in examine(database) if finding.subject == subject)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCYC_DATA", str(tmp_path))
    monkeypatch.setattr(checks, "workload_names", lambda: ["mnist/lenet-300-100"])  # the others are slow to load


class TestDatabases:
    def verdict(self, url: str) -> str:
        return checks._database(url).verdict

    def test_one_that_is_not_there_yet_is_noted(self) -> None:
        assert self.verdict("sqlite:///scyc.db") == "note"

    def test_nor_is_there_anything_in_it(self, tmp_path: Path) -> None:
        (tmp_path / "scyc.db").touch()
        assert self.verdict("sqlite:///scyc.db") == "note"

    def test_one_that_is_there_is_fine(self) -> None:
        with Store.open("sqlite:///scyc.db"):
            pass
        assert self.verdict("sqlite:///scyc.db") == "ok"

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://ann@127.0.0.1:1/d",
            "postgresql://ann:a@b@h/d",
            "nonsense",
            "sqlite:///no/such/folder/scyc.db",
            "sqlite:////proc",
            "mysql://h/d",
        ],
    )
    def test_one_that_cannot_be_used_is_a_fault(self, url: str) -> None:
        assert self.verdict(url) == "fault"

    def test_nor_can_a_file_of_something_else(self, tmp_path: Path) -> None:
        (tmp_path / "scyc.db").write_text("No database at all. " * 100)
        assert self.verdict("sqlite:///scyc.db") == "fault"

    def test_nor_one_of_another_version(self, tmp_path: Path) -> None:
        with Store.open("sqlite:///scyc.db"):
            pass
        with sqlite3.connect(tmp_path / "scyc.db") as connection:
            connection.execute("UPDATE scyc_version SET version_num = '0001'")
        connection.close()
        assert self.verdict("sqlite:///scyc.db") == "fault"

    def test_nor_a_folder_without_permission_to_write(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("os.access", lambda *_: False)
        assert self.verdict("sqlite:///scyc.db") == "fault"


class TestData:
    def test_a_data_set_that_is_not_there_is_noted(self) -> None:
        assert about("mnist/lenet-300-100").verdict == "note"

    @pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"\x1f\x8b damaged"])
    def test_a_damaged_one_is_a_fault(self, content: bytes, tmp_path: Path) -> None:
        folder = tmp_path / "MNIST" / "raw"
        folder.mkdir(parents=True)
        for part in ("train", "t10k"):
            for kind in ("images-idx3", "labels-idx1"):
                (folder / f"{part}-{kind}-ubyte").write_bytes(content)
        assert about("mnist/lenet-300-100").verdict == "fault"


def test_a_fault_is_exit_code_1(scyc: Callable[..., Ended]) -> None:
    assert scyc("doctor").code == 0
    ended = scyc("doctor", "--db", "sqlite:///no/such/folder/scyc.db", "--json")
    assert ended.code == 1
    assert [one["subject"] for one in json.loads(ended.out) if one["verdict"] == "fault"] == ["database"]
