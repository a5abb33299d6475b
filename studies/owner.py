"""What an artifact store says of its owner: a small file beside the artifacts, with an id that a database has too."""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from studies.errors import StudyError

if TYPE_CHECKING:
    from studies.artifacts import Artifacts

NAME = "scyc-store.json"
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)  # of file systems without hard links
_LOOKS, _PAUSE = 20, 0.05  # where a file cannot be made in one step, another process may see half of it


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an artifact store is.

    Attributes:
        id: made once; the database that the store belongs to has the same.
        database: where that database is, see `studies.ownership`.
        others: hashes that were there before, which the owner never deletes.
    """

    id: str
    database: str
    others: tuple[str, ...] = ()


def read(artifacts: Artifacts) -> Owner | None:
    """Return whose a store is; None if it does not say so.

    Raises:
        StudyError: its file cannot be read.
    """
    path = f"{artifacts.root}/{NAME}"
    for look in range(_LOOKS):
        try:
            found = json.loads(artifacts.fs.cat_file(path))
            return Owner(str(found["id"]), str(found["database"]), tuple(map(str, found["others"])))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StudyError(f"The file {path} cannot be read ({error}); check its permissions.") from error
        except (ValueError, KeyError, TypeError) as error:
            if look == _LOOKS - 1:
                raise StudyError(
                    f"The file {path}, which says whose these weights are, is damaged; restore it from a backup, or "
                    "delete it if only one database has its weights there."
                ) from error
            sleep(_PAUSE)
    return None


def create(artifacts: Artifacts, owner: Owner) -> bool:
    """Let a store that does not say whose it is belong to `owner`; of several processes that try at once, one does.

    Returns:
        Whether it was this one.

    Raises:
        StudyError: the file cannot be written.
    """
    path, data = f"{artifacts.root}/{NAME}", _bytes(owner)
    try:
        if artifacts.is_local:
            _link(artifacts, path, data)
        else:
            artifacts.fs.makedirs(artifacts.root, exist_ok=True)
            artifacts.fs.pipe_file(path, data, mode="create")
    except FileExistsError:
        return False
    except OSError as error:
        raise artifacts.unwritable(error) from error
    return True


def replace(artifacts: Artifacts, owner: Owner) -> None:
    """Let a store belong to another owner, or to one that is elsewhere now.

    Raises:
        StudyError: the file cannot be written.
    """
    try:
        artifacts.write(f"{artifacts.root}/{NAME}", _bytes(owner))
    except OSError as error:
        raise artifacts.unwritable(error) from error


def remove(artifacts: Artifacts) -> None:
    """Let a store belong to nobody, and delete its folders where nothing is left in them.

    Raises:
        StudyError: the file cannot be deleted.
    """
    try:
        with suppress(FileNotFoundError):
            artifacts.fs.rm_file(f"{artifacts.root}/{NAME}")
    except OSError as error:
        raise artifacts.unwritable(error) from error
    if artifacts.is_local:
        root = Path(artifacts.root)
        for folder in (*root.glob("[0-9a-f][0-9a-f]"), root / "tmp", root):
            with suppress(OSError):  # something is in it, or it is not there
                folder.rmdir()


def _bytes(owner: Owner) -> bytes:
    about = "Whose weights these are. Delete this file only together with the folder."
    return json.dumps({"scyc": about} | asdict(owner), indent=1).encode()


def _link(artifacts: Artifacts, path: str, data: bytes) -> None:
    """Make a local file in one step; raise FileExistsError if it is there."""
    temporary = artifacts.temporary()
    artifacts.write(temporary, data)
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        artifacts.fs.pipe_file(path, data, mode="create")
    finally:
        artifacts.fs.rm_file(temporary)
