"""Folders in an artifact store."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from studies import Artifacts, StudyError, is_folder, put_folder, view_folder
from studies import folders as module


@pytest.fixture(params=["local", "memory"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    place = tmp_path / "store" if request.param == "local" else f"memory://{tmp_path.name}"
    return Artifacts(str(place))


def folder_of(place: Path, **files: str) -> Path:
    place.mkdir()
    for name, text in files.items():
        path = place / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return place


def contents(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_what_was_put_is_seen_again(artifacts: Artifacts, tmp_path: Path) -> None:
    key, size = put_folder(artifacts, folder_of(tmp_path / "out", weights="abc", inner__more="d"))
    assert size == 4
    assert not (tmp_path / "out").exists()
    assert list(artifacts.hashes()) == [key]
    assert artifacts.exists(key)
    listed = artifacts.get(key)
    assert hashlib.sha256(listed).hexdigest() == key
    assert is_folder(listed)
    assert not is_folder(b"weights")
    view_folder(artifacts, key, tmp_path / "view")
    assert contents(tmp_path / "view") == {"weights": "abc", "inner/more": "d"}


def test_the_hash_is_that_of_names_contents_and_origin(artifacts: Artifacts, tmp_path: Path) -> None:
    """So what a training leaves is never what it started from, even if it leaves nothing."""
    made = [
        put_folder(artifacts, folder_of(tmp_path / str(number), **files), parent)[0]
        for number, (files, parent) in enumerate(
            [({"a": "1"}, None), ({"a": "1"}, None), ({"b": "1"}, None), ({"a": "2"}, None), ({"a": "1"}, "0" * 64)]
        )
    ]
    assert made[0] == made[1]
    assert len(set(made)) == 4
    first, _ = put_folder(artifacts, folder_of(tmp_path / "first"))
    second, _ = put_folder(artifacts, folder_of(tmp_path / "second"), first)
    assert first != second


def test_deleting_leaves_nothing_of_it(artifacts: Artifacts, tmp_path: Path) -> None:
    kept, _ = put_folder(artifacts, folder_of(tmp_path / "a", weights="abc"))
    gone, _ = put_folder(artifacts, folder_of(tmp_path / "b", weights="def"))
    artifacts.delete(gone)
    artifacts.delete(gone)
    assert list(artifacts.hashes()) == [kept]
    assert not artifacts.fs.exists(artifacts.files_of(gone))


def test_half_a_folder_is_none_and_can_be_deleted(artifacts: Artifacts, tmp_path: Path) -> None:
    """A writer was killed before the list of the files was there."""
    key, _ = put_folder(artifacts, folder_of(tmp_path / "a", weights="abc"))
    artifacts.fs.rm_file(artifacts._path(key))
    assert not artifacts.exists(key)
    with pytest.raises(StudyError, match="is missing"):
        view_folder(artifacts, key, tmp_path / "view")
    assert list(artifacts.hashes()) == [key]  # garbage collection sees it
    again, _ = put_folder(artifacts, folder_of(tmp_path / "b", weights="abc"))
    assert again == key
    view_folder(artifacts, key, tmp_path / "again")
    artifacts.delete(key)
    assert list(artifacts.hashes()) == []


@pytest.mark.parametrize("small", [0, 100])
def test_writing_into_a_view_does_not_reach_the_store(
    small: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small file is a copy; a large one is a link to a file that can only be read."""
    monkeypatch.setattr(module, "SMALL", small)
    artifacts = Artifacts(str(tmp_path / "store"))
    key, _ = put_folder(artifacts, folder_of(tmp_path / "out", weights="abc"))
    view_folder(artifacts, key, tmp_path / "view")
    path = tmp_path / "view" / "weights"
    assert path.is_symlink() == (small == 0)
    assert path.stat().st_mode & 0o222 == (0 if small == 0 else path.stat().st_mode & 0o222)
    if small:
        path.write_text("xyz")
        view_folder(artifacts, key, tmp_path / "other")
        assert contents(tmp_path / "other") == {"weights": "abc"}


@pytest.mark.parametrize("small", [0, 100])
def test_damage_is_said(small: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SMALL", small)
    artifacts = Artifacts(str(tmp_path / "store"))
    key, _ = put_folder(artifacts, folder_of(tmp_path / "out", weights="abc"))
    path = Path(artifacts.files_of(key), "weights")
    path.chmod(0o600)
    path.write_text("abcd")
    with pytest.raises(StudyError, match="missing or damaged"):
        view_folder(artifacts, key, tmp_path / "view")
    path.unlink()
    with pytest.raises(StudyError, match="missing or damaged"):
        view_folder(artifacts, key, tmp_path / "view 2")


def test_links_that_stay_inside_are_kept(artifacts: Artifacts, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "out", step_2="abc")
    (folder / "last").symlink_to("step_2")
    key, size = put_folder(artifacts, folder)
    assert size == 3
    view_folder(artifacts, key, tmp_path / "view")
    assert (tmp_path / "view" / "last").readlink() == Path("step_2")
    assert (tmp_path / "view" / "last").read_text() == "abc"


@pytest.mark.parametrize("target", ["../secret", "/etc/passwd"])
def test_a_link_that_leads_out_is_refused(target: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "out")
    (folder / "link").symlink_to(target)
    with pytest.raises(StudyError, match="leads out of it"):
        put_folder(Artifacts(str(tmp_path / "store")), folder)


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "out")
    os.mkfifo(folder / "pipe")
    with pytest.raises(StudyError, match="neither a file nor a folder"):
        put_folder(Artifacts(str(tmp_path / "store")), folder)


def test_weights_are_no_folder(artifacts: Artifacts, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="is not a folder"):
        view_folder(artifacts, artifacts.put(b"weights"), tmp_path / "view")


def test_remains_of_trials_are_deleted(tmp_path: Path) -> None:
    artifacts = Artifacts(str(tmp_path / "store"))
    key, _ = put_folder(artifacts, folder_of(tmp_path / "out", weights="abc"))
    remains = Path(artifacts.root, "tmp", "scyc-d-12345678")
    (remains / "out").mkdir(parents=True)
    (remains / "out" / "half").write_text("ab")
    (mine := Path(artifacts.root, "tmp", "mine")).mkdir()
    artifacts.delete_remains()
    assert not remains.exists()
    assert mine.exists()
    assert artifacts.exists(key)
