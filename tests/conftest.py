"""What several packages' tests share: a real PostgreSQL server, and one thread for what is too small for two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import settings

from tests.studies.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("unhurried", deadline=None)  # an example may be slow on a busy machine
settings.load_profile("unhurried")
torch.set_num_threads(1)  # two spend their time waiting for each other, and for ever where a core is busy


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests of one file run in one process, where they share what is costly to set up.

    Files marked as of the group "machine" look for processes of the whole machine: they run one after the other.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running server."""
    server = Server()
    yield server
    server.close()
