"""Weights and other bytes, stored under the hash of their content."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from typing import TYPE_CHECKING
from uuid import uuid4

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from studies.errors import StudyError, StudyUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = (errno.ENOSPC, errno.EDQUOT)
_HASH = re.compile(r"[0-9a-f]{64}")


class Artifacts:
    """Content-addressed bytes in a folder, local or remote.

    An artifact lies at `ab/abcd...`, below the first two characters of its hash. It is written as `tmp/...` and then
    moved, so that a reader finds all of it or nothing; after a crash, `tmp` may hold remains that can be deleted.

    Args:
        url: a folder, or an fsspec URL such as "file:///data/artifacts", "memory://demo" or "s3://bucket/artifacts".

    Attributes:
        url: the same as an absolute folder or URL; another process reaches the store by it.

    Raises:
        StudyError: the URL makes no sense, or the package that it needs is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            self._fs, self._root = url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise StudyError(
                f"The artifact store cannot be opened ({error}); give a folder, or install the package that the URL "
                f"needs."
            ) from error
        self._is_local = isinstance(self._fs, LocalFileSystem)
        self.url = self._root if self._is_local else url

    def __reduce__(self) -> tuple[type[Artifacts], tuple[str]]:
        return Artifacts, (self.url,)

    def __repr__(self) -> str:
        return f"Artifacts({self._root})"

    def put(self, data: bytes) -> str:
        """Store `data`, unless it is there already.

        Returns:
            Its SHA-256, in hexadecimal.

        Raises:
            StudyUnavailable: the disk is full.
            StudyError: it cannot be written, for want of permission for instance.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        try:
            # A size that differs is the mark of a power cut; writing again repairs it.
            if not (self._fs.exists(path) and self._fs.size(path) == len(data)):
                self._write(path, data)
        except OSError as error:
            raise self._unwritable(error) from error
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a hash.

        Raises:
            StudyError: they are missing, damaged, or cannot be read.
        """
        path = self._path(digest)
        try:
            data: bytes = self._fs.cat_file(path)
        except FileNotFoundError as error:
            raise StudyError(
                f"The artifact {digest} is missing from {self._root}; restore it from a backup, or start a new study."
            ) from error
        except OSError as error:
            raise StudyError(f"The artifact {path} cannot be read ({error}); check its permissions.") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise StudyError(
                f"The artifact {path} is damaged (its bytes do not have that hash); restore it from a backup, or "
                f"delete it and start a new study."
            )
        return data

    def delete(self, digest: str) -> None:
        """Delete the bytes of a hash; nothing happens if they are gone already.

        Raises:
            StudyError: they cannot be deleted.
        """
        path = self._path(digest)
        try:
            self._fs.rm_file(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StudyError(f"The artifact {path} cannot be deleted ({error}); check its permissions.") from error

    def exists(self, digest: str) -> bool:
        """Return whether something is stored under a hash."""
        return bool(self._fs.exists(self._path(digest)))

    def hashes(self) -> Iterator[str]:
        """Yield every stored hash, in no particular order."""
        for path in self._fs.find(self._root):
            name = path.rpartition("/")[2]
            if _HASH.fullmatch(name):
                yield name

    def delete_remains(self) -> None:
        """Delete what killed writers left under `tmp`; nobody may be writing at the same time."""
        try:
            for path in self._fs.find(f"{self._root}/tmp"):
                self._fs.rm_file(path)
        except OSError as error:
            raise self._unwritable(error) from error

    def check_writable(self, needed_bytes: int = 0) -> None:
        """Write and remove a probe, and in a local folder compare the free space with what is needed.

        Raises:
            StudyError: there is no permission or no room.
        """
        probe = self._temporary()
        try:
            self._write(f"{probe}.probe", b"probe")
            self._fs.rm_file(f"{probe}.probe")
            free = shutil.disk_usage(self._root).free if self._is_local else None
        except OSError as error:
            raise self._unwritable(error) from error
        if free is not None and free < needed_bytes:
            raise StudyError(
                f"The artifact store {self._root} has {free / 1e6:,.0f} MB free and {needed_bytes / 1e6:,.0f} MB are "
                f"needed; free some space, or choose another folder."
            )

    def _write(self, path: str, data: bytes) -> None:
        temporary = self._temporary()
        for file_path in (temporary, path):
            self._fs.makedirs(file_path.rpartition("/")[0], exist_ok=True)
        try:
            with self._fs.open(temporary, "wb") as file:
                file.write(data)
                if self._is_local:
                    # The database may commit to this hash next, so the bytes must survive a power cut first.
                    file.flush()
                    os.fsync(file.fileno())
            self._fs.mv(temporary, path)
        except BaseException:
            if self._fs.exists(temporary):
                self._fs.rm_file(temporary)
            raise

    def _temporary(self) -> str:
        return f"{self._root}/tmp/{uuid4().hex}"

    def _path(self, digest: str) -> str:
        if not _HASH.fullmatch(digest):
            raise StudyError(f"{digest!r} is not the hash of an artifact; a hash is 64 hexadecimal digits.")
        return f"{self._root}/{digest[:2]}/{digest}"

    def _unwritable(self, error: OSError) -> StudyError:
        kind = StudyUnavailable if error.errno in _FULL else StudyError
        return kind(
            f"The artifact store {self._root} cannot be written ({error.strerror or error}); check its permissions "
            f"and free space, or choose another folder."
        )
