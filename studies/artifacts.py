"""Weights and other bytes, stored under the hash of their content."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING
from uuid import uuid4

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from studies.errors import StudyError, StudyUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

_FULL = (errno.ENOSPC, errno.EDQUOT)
_HASH = re.compile(r"[0-9a-f]{64}")
_STORED = re.compile(r"([0-9a-f]{64})(\.files)?")
_TEMPORARY = re.compile(r"[0-9a-f]{32}(\.probe)?")
WORK = "scyc-d-"
"""How the names of folders begin, under `tmp`, in which trials work."""
_LOCAL = ("file://", "local://")


def is_local(url: str) -> bool:
    """Return whether a URL is a folder of this machine."""
    return "://" not in url or url.startswith(_LOCAL)


class Artifacts:
    """Content-addressed bytes in a folder, local or remote.

    An artifact lies at `ab/abcd...`, below the first two characters of its hash. It is written as `tmp/...` and then
    moved, so that a reader finds all of it or nothing; after a crash, `tmp` may hold remains that can be deleted. The
    files of a folder (`studies.folders`) lie in `ab/abcd....files/`. Files of other names are not the store's, and are
    left alone.

    Args:
        url: a folder, or an fsspec URL such as "file:///data/artifacts", "memory://demo" or "s3://bucket/artifacts".
        kept: hashes that are never deleted, because they were there before the store's owner came.

    Attributes:
        url: the same as an absolute folder or URL; another process reaches the store by it.
        is_local: whether that is a folder of this machine.
        fs: the file system of fsspec, and
        root: the folder in it.

    Raises:
        StudyError: the URL makes no sense, or the package that it needs is not installed.
    """

    def __init__(self, url: str, kept: Set[str] = frozenset()) -> None:
        self.kept = frozenset(kept)
        try:
            if is_local(url):  # a folder's name may have "::" in it, which fsspec takes for a chain of URLs
                self.fs, self.root = LocalFileSystem(), LocalFileSystem._strip_protocol(url)
            else:
                self.fs, self.root = url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise StudyError(
                f"The artifact store cannot be opened ({error}); give a folder, or install the package that the URL "
                f"needs."
            ) from error
        self.is_local = isinstance(self.fs, LocalFileSystem)
        self.url = self.root if self.is_local else url

    def __reduce__(self) -> tuple[type[Artifacts], tuple[str, Set[str]]]:
        return Artifacts, (self.url, self.kept)

    def __repr__(self) -> str:
        return f"Artifacts({self.root})"

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
            if not (self.fs.exists(path) and self.fs.size(path) == len(data)):
                self.write(path, data)
        except OSError as error:
            raise self.unwritable(error) from error
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a hash.

        Raises:
            StudyError: they are missing, damaged, or cannot be read.
        """
        path = self._path(digest)
        try:
            data: bytes = self.fs.cat_file(path)
        except FileNotFoundError as error:
            raise StudyError(
                f"The artifact {digest} is missing from {self.root}; restore it from a backup, or start a new study."
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
        """Delete the bytes of a hash; nothing happens if they are gone already, or are not the owner's to delete.

        Raises:
            StudyError: they cannot be deleted.
        """
        path, files = self._path(digest), self.files_of(digest)
        if digest in self.kept:
            return
        try:
            with suppress(FileNotFoundError):
                self.fs.rm_file(path)
            if self.fs.isdir(files):
                self._delete_folder(files)
        except OSError as error:
            raise StudyError(f"The artifact {path} cannot be deleted ({error}); check its permissions.") from error

    def exists(self, digest: str) -> bool:
        """Return whether something is stored under a hash."""
        return bool(self.fs.exists(self._path(digest)))

    def hashes(self) -> Iterator[str]:
        """Yield every stored hash once, in no particular order; also that of a folder of which only files are left."""
        seen = set()
        for path in self.fs.find(self.root, maxdepth=2, withdirs=True):
            folder, _, name = path.rpartition("/")
            found = _STORED.fullmatch(name)
            if found and folder.endswith(f"/{name[:2]}") and found[1] not in seen:
                seen.add(found[1])
                yield found[1]

    def is_there(self) -> bool:
        """Return whether the folder exists, or something is stored under the URL."""
        return bool(self.fs.exists(self.root))

    def is_same_place(self, other: Artifacts) -> bool:
        """Return whether another store is this one, by whatever path it is reached."""
        if not (self.is_local and other.is_local):
            return (self.fs, self.root) == (other.fs, other.root)
        return self.root == other.root or (
            self.is_there() and other.is_there() and Path(self.root).samefile(other.root)
        )

    def delete_remains(self) -> None:
        """Delete what killed writers left under `tmp`; nobody may be writing at the same time."""
        try:
            for path, found in self.fs.find(f"{self.root}/tmp", maxdepth=1, withdirs=True, detail=True).items():
                name = path.rpartition("/")[2]
                if found["type"] == "directory":
                    if _TEMPORARY.fullmatch(name) or name.startswith(WORK):
                        self.fs.rm(path, recursive=True)
                elif _TEMPORARY.fullmatch(name):
                    self.fs.rm_file(path)
        except OSError as error:
            raise self.unwritable(error) from error

    def check_writable(self, needed_bytes: int = 0) -> None:
        """Write and remove a probe, and in a local folder compare the free space with what is needed.

        A folder that is not there is not made; then its place is probed.

        Raises:
            StudyError: there is no permission or no room.
        """
        free = None
        try:
            if self.is_local:
                place = next(path for path in (Path(self.root), *Path(self.root).parents) if path.exists())
                with NamedTemporaryFile(dir=place, prefix=".scyc-", suffix=".probe") as probe:
                    probe.write(b"probe")
                free = shutil.disk_usage(place).free
            else:
                probe_path = f"{self.temporary()}.probe"
                self.write(probe_path, b"probe")
                self.fs.rm_file(probe_path)
        except OSError as error:
            raise self.unwritable(error) from error
        if free is not None and free < needed_bytes:
            raise StudyError(
                f"The artifact store {self.root} has {free / 1e6:,.0f} MB free and {needed_bytes / 1e6:,.0f} MB are "
                f"needed; free some space, or choose another folder."
            )

    def write(self, path: str, data: bytes) -> None:
        """Write a file, all of it or nothing; raise OSError where that fails."""
        temporary = self.temporary()
        for file_path in (temporary, path):
            self.fs.makedirs(file_path.rpartition("/")[0], exist_ok=True)
        try:
            with self.fs.open(temporary, "wb") as file:
                file.write(data)
                if self.is_local:
                    # The database may commit to this hash next, so the bytes must survive a power cut first.
                    file.flush()
                    os.fsync(file.fileno())
            self.fs.mv(temporary, path)
        except BaseException:
            if self.fs.exists(temporary):
                self.fs.rm_file(temporary)
            raise

    def temporary(self) -> str:
        """Return the path of a file that nobody else writes, for what is moved or linked afterwards."""
        return f"{self.root}/tmp/{uuid4().hex}"

    def files_of(self, digest: str) -> str:
        """Return where the files of a folder lie."""
        return f"{self._path(digest)}.files"

    def _delete_folder(self, files: str) -> None:
        """Delete a folder's files; in a local store all of them are gone at once."""
        if self.is_local:
            Path(self.root, "tmp").mkdir(exist_ok=True)
            gone = self.temporary()
            Path(files).rename(gone)
            files = gone
        self.fs.rm(files, recursive=True)

    def _path(self, digest: str) -> str:
        if not _HASH.fullmatch(digest):
            raise StudyError(f"{digest!r} is not the hash of an artifact; a hash is 64 hexadecimal digits.")
        return f"{self.root}/{digest[:2]}/{digest}"

    def unwritable(self, error: OSError) -> StudyError:
        """Return the sentence on an error of writing."""
        kind = StudyUnavailable if error.errno in _FULL else StudyError
        return kind(
            f"The artifact store {self.root} cannot be written ({error.strerror or error}); check its permissions "
            f"and free space, or choose another folder."
        )
