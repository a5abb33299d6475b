"""Bytes under the hash of their content."""

from __future__ import annotations

import hashlib
import pickle
import shutil
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import pytest
from fsspec.implementations.local import LocalFileSystem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studies import Artifacts, StudyError

if TYPE_CHECKING:
    from pathlib import Path

DATA = b"weights" * 100
HASH = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["folder", "file", "memory"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    urls = {"folder": f"{tmp_path}/a b", "file": f"file://{tmp_path}/a", "memory": f"memory://{uuid4().hex}"}
    return Artifacts(urls[request.param])


def test_bytes_come_back(artifacts: Artifacts) -> None:
    assert not artifacts.exists(HASH)
    assert artifacts.put(DATA) == HASH
    assert artifacts.exists(HASH)
    assert artifacts.get(HASH) == DATA
    assert artifacts.put(DATA) == HASH


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=100))
def test_any_bytes_come_back(artifacts: Artifacts, data: bytes) -> None:
    assert artifacts.get(artifacts.put(data)) == data


def test_hashes_lists_what_is_kept_and_nothing_else(artifacts: Artifacts) -> None:
    assert list(artifacts.hashes()) == []
    artifacts.check_writable()
    assert list(artifacts.hashes()) == []
    hashes = {artifacts.put(bytes([i])) for i in range(5)}
    assert sorted(artifacts.hashes()) == sorted(hashes)
    artifacts.delete(HASH)
    artifacts.delete(gone := hashes.pop())
    artifacts.delete(gone)
    assert set(artifacts.hashes()) == hashes


def test_a_missing_artifact_is_named(artifacts: Artifacts) -> None:
    with pytest.raises(StudyError, match=f"{HASH} is missing"):
        artifacts.get(HASH)


def test_what_is_no_hash_is_no_path(artifacts: Artifacts) -> None:
    for use in (artifacts.get, artifacts.exists, artifacts.delete):
        with pytest.raises(StudyError, match="not the hash"):
            use("../../etc/passwd")


def test_another_process_reaches_the_same_store(artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch) -> None:
    artifacts.put(DATA)
    copy = pickle.loads(pickle.dumps(artifacts))
    assert copy.get(HASH) == DATA
    assert Artifacts(artifacts.url).get(HASH) == DATA


def test_a_relative_folder_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    artifacts = Artifacts("here")
    assert artifacts.url == str(tmp_path / "here")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    pickle.loads(pickle.dumps(artifacts)).put(DATA)
    assert (tmp_path / "here" / HASH[:2] / HASH).read_bytes() == DATA


def test_damage_is_found(tmp_path: Path) -> None:
    artifacts = Artifacts(str(tmp_path))
    artifacts.put(DATA)
    path = tmp_path / HASH[:2] / HASH
    path.write_bytes(DATA[:-1] + b"?")
    with pytest.raises(StudyError, match=f"{path} is damaged"):
        artifacts.get(HASH)


def test_what_is_there_is_not_written_again_unless_cut_short(tmp_path: Path) -> None:
    artifacts = Artifacts(str(tmp_path))
    artifacts.put(DATA)
    path = tmp_path / HASH[:2] / HASH
    before = path.stat().st_ino
    artifacts.put(DATA)
    assert path.stat().st_ino == before
    path.write_bytes(b"")
    artifacts.put(DATA)
    assert artifacts.get(HASH) == DATA


def test_writing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    artifacts = Artifacts(str(tmp_path))
    monkeypatch.setattr(LocalFileSystem, "mv", full)
    with pytest.raises(StudyError, match="No space left on device"):
        artifacts.put(DATA)
    assert not artifacts.exists(HASH)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_room_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free=5_000_000))
    artifacts = Artifacts(str(tmp_path / "deep" / "folder"))
    artifacts.check_writable(needed_bytes=5_000_000)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with pytest.raises(StudyError, match="5 MB free and 6 MB are needed"):
        artifacts.check_writable(needed_bytes=6_000_000)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    artifacts = Artifacts(str(tmp_path / "file" / "store"))
    for use in (artifacts.check_writable, lambda: artifacts.put(DATA)):
        with pytest.raises(StudyError, match="cannot be written"):
            use()


def test_an_unknown_place() -> None:
    with pytest.raises(StudyError, match="nosuchthing"):
        Artifacts("nosuchthing://x")
