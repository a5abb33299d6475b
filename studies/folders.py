"""Folders in an artifact store: the files that a training left, under the hash of their names and contents.

A folder is a list of its files, which is an artifact of its own: its hash is the folder's. The files themselves lie
beside it, below `ab/abcd....files/`. The list is written last, so a folder that is not whole does not exist.

The list also names the folder that it grew from. So what a training left never has the hash of what it started from,
even if it left the same files, or none.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studies.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from studies.artifacts import Artifacts

SMALL = 16 * 2**20
"""Bytes of a file up to which a view of a folder holds a copy of it, in place of a link."""

_CHUNK = 2**20
_KIND = "folder"


def put_folder(artifacts: Artifacts, folder: Path, parent: str | None = None) -> tuple[str, int]:
    """Move a folder into the store, and return its hash and how many bytes its files have.

    In a local store it is moved where it is on the same disk, and its files can only be read from then on. Empty
    folders in it are not kept.

    Args:
        artifacts: the store.
        folder: the folder, which is gone afterwards.
        parent: hash of the folder that it grew from; None if it grew from none.

    Raises:
        StudyError: it holds something else than files, folders, and links that stay inside; or it cannot be written.
    """
    try:
        files = {name: _described(path, folder) for name, path in sorted(_contents(folder))}
        listed = _listed(files, parent)
        key = hashlib.sha256(listed).hexdigest()
        if artifacts.is_local:
            _move(artifacts, folder, key)
        else:
            for name, described in files.items():
                if isinstance(described, list):
                    artifacts.fs.makedirs(_files(artifacts, key, name).rpartition("/")[0], exist_ok=True)
                    artifacts.fs.put_file(str(folder / name), _files(artifacts, key, name))
            shutil.rmtree(folder)
    except OSError as error:
        raise artifacts.unwritable(error) from error
    artifacts.put(listed)
    return key, sum(described[0] for described in files.values() if isinstance(described, list))


def view_folder(artifacts: Artifacts, key: str, place: Path) -> None:
    """Make a view of a stored folder at a place that does not exist: what is written there does not reach the store.

    Small files are copies, and so are all files of a store that is not local. Large ones are links to files that can
    only be read.

    Raises:
        StudyError: the folder or one of its files is missing or damaged.
    """
    files = _read(artifacts, key)
    place.mkdir()
    for name, described in files.items():
        path, stored = place / name, _files(artifacts, key, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(described, str):
            path.symlink_to(described)
            continue
        size, digest = described
        try:
            if artifacts.is_local and size > SMALL:
                whole = Path(stored).stat().st_size == size
                path.symlink_to(stored)
            else:
                whole = _copied(artifacts, stored, path) == digest
        except FileNotFoundError:
            whole = False
        except OSError as error:
            raise StudyError(f"The file {stored} cannot be read ({error}); check its permissions.") from error
        if not whole:
            raise StudyError(
                f"The file {stored} is missing or damaged; restore the artifact store from a backup, or start a new "
                "study."
            )


def is_folder(listed: bytes) -> bool:
    """Return whether an artifact is the list of a folder's files."""
    try:
        found = json.loads(listed)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("scyc") == _KIND


def _read(artifacts: Artifacts, key: str) -> dict[str, Any]:
    listed = artifacts.get(key)
    if not is_folder(listed):
        raise StudyError(f"The artifact {key} in {artifacts.root} is not a folder.")
    files: dict[str, Any] = json.loads(listed)["files"]
    return files


def _listed(files: dict[str, Any], parent: str | None) -> bytes:
    return json.dumps({"scyc": _KIND, "parent": parent, "files": files}, sort_keys=True).encode()


def _contents(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files and links below a folder, with their names in it."""
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in [*files, *links]:
            path = Path(parent, name)
            yield path.relative_to(folder).as_posix(), path


def _described(path: Path, folder: Path) -> list[Any] | str:
    """Return size and hash of a file, once it is on the disk; of a link, where it leads."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        target = path.readlink()
        if target.is_absolute() or not Path(os.path.realpath(path)).is_relative_to(folder.resolve()):
            raise StudyError(
                f"The link {path.relative_to(folder)} in the folder of a trial leads out of it, to {target}; put the "
                "file itself there."
            )
        return str(target)
    if not stat.S_ISREG(mode):
        raise StudyError(f"{path.relative_to(folder)} in the folder of a trial is neither a file nor a folder.")
    sha, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha.update(chunk)
            size += len(chunk)
        os.fsync(file.fileno())  # the database may commit to this hash next
    return [size, sha.hexdigest()]


def _move(artifacts: Artifacts, folder: Path, key: str) -> None:
    """Move a folder to its place in a local store; if it is there already, drop this one."""
    for path in folder.rglob("*"):
        if not path.is_symlink() and path.is_file():
            path.chmod(path.stat().st_mode & ~0o222)
    place = Path(_files(artifacts, key))
    for parent in (place.parent, Path(artifacts.temporary()).parent):
        parent.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_dev != place.parent.stat().st_dev:
        fresh = Path(artifacts.temporary())
        shutil.move(folder, fresh)
        folder = fresh
    try:
        folder.rename(place)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        shutil.rmtree(folder)


def _copied(artifacts: Artifacts, stored: str, path: Path) -> str:
    """Copy a stored file, and return the hash of its bytes."""
    sha = hashlib.sha256()
    with artifacts.fs.open(stored, "rb") as source, path.open("wb") as copy:
        while chunk := source.read(_CHUNK):
            sha.update(chunk)
            copy.write(chunk)
    return sha.hexdigest()


def _files(artifacts: Artifacts, key: str, name: str = "") -> str:
    return "/".join(filter(None, [artifacts.files_of(key), name]))
