"""What several packages' tests share: a real PostgreSQL server, marks, and one thread for what is too small for two."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import uuid
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import settings

from tests.oracle.report.browsing import EXECUTABLE, NAMES
from tests.studies.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

gc.disable()  # until everything is collected
settings.register_profile("unhurried", deadline=None)  # an example may be slow on a busy machine
settings.load_profile("unhurried")
os.environ.setdefault("RAY_AUTH_MODE", "token")  # Ray reads its token when it is imported, be it by a test module
os.environ.setdefault("RAY_AUTH_TOKEN", uuid.uuid4().hex)
torch.set_num_threads(1)  # two spend their time waiting for each other, and for ever where a core is busy
os.environ["OMP_NUM_THREADS"] = "1"  # in every process that a test starts, too

# Where these are set, in a test's process or in one that it starts, Ray does not start and Kaleido finds no browser.
HURDLES = {
    "ray": {"RAY_RUNTIME_ENV_HOOK": "only_tests_marked.ray", "RAY_START_HOOK": "only_tests_marked.ray"},
    "browser": {"BROWSER_PATH": "/only tests marked/browser"},
}

LONG = ("slow", "ray", "faults")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark who asks for a server or a browser, and skip who needs a browser where there is none.

    Modules of slow tests come first: the last one to begin would keep one process busy while the others have ended.
    """
    slow = {item.path for item in items for mark in LONG if item.get_closest_marker(mark)}
    items.sort(key=lambda item: item.path not in slow)
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if "server" in fixtures or {"postgresql", "empty_postgresql"} & {*map(str, parameters)}:
            item.add_marker("postgres")
        if "browser" in fixtures:
            item.add_marker("browser")
        if EXECUTABLE is None and item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(f"None of {', '.join(NAMES)} is on PATH."))


def pytest_collection_finish() -> None:
    """Look for garbage from now on, but not among what has been imported, which takes seconds when a process ends."""
    gc.freeze()
    gc.enable()


@atexit.register
def _hear_no_more() -> None:
    """Leave out Triton's list of what is still there at the very end, since nobody has looked for it."""
    if "triton" in sys.modules:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Remember which engine is fastest where pytest deletes it again."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True)
def _hurdles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a test from what it is not marked with."""
    for mark, variables in HURDLES.items():
        if request.node.get_closest_marker(mark) is None:
            for name, value in variables.items():
                monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def _server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    """A running server."""
    if request.node.get_closest_marker("postgres") is None:
        pytest.fail("Only tests marked `postgres` may ask for the server.")
    server: Server = request.getfixturevalue("_server")
    server.steady = request.node.get_closest_marker("faults") is None
    return server
