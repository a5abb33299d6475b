"""Where data sets come from: the data folder, downloads, and packages that are not always installed."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from scyc.errors import InputError
from scyc.home import expanded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCK_FILE = ".download.lock"
"""In the data folder while somebody downloads."""


def data_root(root: Path | str | None = None) -> Path:
    """Return the absolute path of the data folder: `root`, else `$SCYC_DATA`, else `data` in the working folder.

    Raises:
        InputError: it begins with the home of a user who has none.
    """
    return expanded(root or os.environ.get("SCYC_DATA") or "data").absolute()


def download_allowed(download: bool | None = None) -> bool:
    """Return `download` if it is given, else whether the environment says `SCYC_DOWNLOAD=1`."""
    return os.environ.get("SCYC_DOWNLOAD") == "1" if download is None else download


def optional_module(module: str, package: str, purpose: str) -> Any:
    """Import a module of a package that only the `oracle` extra brings.

    Args:
        module: dotted path, for example "sklearn.datasets".
        package: name of the distribution, for the message.
        purpose: what needs it, the subject of the message.

    Raises:
        InputError: the package is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(
            f"{purpose} needs {package}, which cannot be imported ({error}): "
            'install it with `pip install "scyc[oracle]"`.'
        ) from error


def download_into(root: Path, folder: str, fetch: Callable[[Path], object]) -> None:
    """Download into a scratch folder beside the goal, then move the result into place in one step.

    So a killed download leaves nothing that looks like a data set. Of the workers of a machine one downloads, and the
    others wait for it; machines that share the folder over a network that knows no locks may download at the same
    time, and the first one wins. A `root/folder` that exists is left as it is.

    Args:
        root: the data folder, created if need be.
        folder: what `fetch` creates, relative to the folder that it is given.
        fetch: downloads into the folder that it is given.

    Raises:
        InputError: the download failed.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _alone(root), TemporaryDirectory(dir=root, prefix=".download-") as scratch:
            if (root / folder).exists():
                return
            fetch(Path(scratch))
            if not (root / folder).exists():
                (Path(scratch) / folder).rename(root / folder)
    except (OSError, RuntimeError) as error:  # torchvision reports a bad checksum as RuntimeError
        if not (root / folder).exists():
            raise InputError(
                f"Downloading {folder} into {root} failed ({error}): check the network and the folder's permissions, "
                "or copy the data set there by hand."
            ) from error


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Wait until no other process or thread is in such a block for this folder; the death of one ends its block."""
    from filelock import FileLock

    lock = FileLock(root / LOCK_FILE, fallback_to_soft=False)  # a soft lock would outlast a killed process
    with suppress(OSError):  # a file system without locks
        lock.acquire()
    try:
        yield
    finally:
        # Removed before it is released: those who wait for it see that it is gone, and make another one.
        with suppress(OSError):
            (root / LOCK_FILE).unlink()
        lock.release()
