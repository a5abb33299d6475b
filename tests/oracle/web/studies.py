"""A finished study behind a server, which the tests of pages look at."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from oracle.api.launching import Launcher
from oracle.web import application
from tests.oracle.simulation import Laboratory, small_spec
from tests.oracle.web.serving import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "a/b <b id=injected>c</b>"
ADDRESS = "/study/a/b%20%3Cb%20id%3Dinjected%3Ec%3C%2Fb%3E"
FAILED = (2, 7, 0.4)
"""Level, seed and max_lr of a trial that fails."""


@contextmanager
def finished(folder: Path, *, writes: bool = False) -> Iterator[str]:
    """Serve a study of three levels, of which the last has a trial that failed, under a name with HTML in it."""
    url = f"sqlite:///{folder}/scyc.db"
    with Laboratory(small_spec(), url=url, name=NAME, fails=[FAILED]) as lab:
        lab.finish()
        with served(application(lab.store, url, launcher=Launcher(url) if writes else None)) as there:
            yield there
