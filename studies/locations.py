"""Where an artifact store is, as the database says it: a folder beside the database's file is named relative to it.

So the file and the folder can be moved or copied together.
"""

from __future__ import annotations

from pathlib import Path

from studies.artifacts import Artifacts, is_local


def stored(url: str, folder: Path | None) -> str:
    """Return what the database says of a store.

    Args:
        url: folder or URL of the store.
        folder: of the database's file; None if it is in no file.

    Raises:
        StudyError: the URL makes no sense.
    """
    if not is_local(url):
        return url
    path = Artifacts(url).url
    if folder is not None:
        try:
            return Path(path).resolve().relative_to(folder).as_posix()
        except ValueError:
            return path
    return path


def resolved(text: str, folder: Path | None) -> str:
    """Return the folder or URL of a store, from what the database says of it."""
    if folder is None or not is_local(text) or Path(text).is_absolute():
        return text
    return str(folder / text)
