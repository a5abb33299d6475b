"""What several packages' tests share: a real PostgreSQL server, and one thread for what is too small for two."""

from __future__ import annotations

import os
import tempfile
import uuid
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import settings

from tests.studies.server import Server

pytest.register_assert_rewrite("oracle.testing")  # a suite's assertions say what they compared, as those here do

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("unhurried", deadline=None)  # an example may be slow on a busy machine
settings.load_profile("unhurried")
os.environ.setdefault("RAY_AUTH_MODE", "token")  # Ray reads its token when it is imported, be it by a test module
os.environ.setdefault("RAY_AUTH_TOKEN", uuid.uuid4().hex)
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="scyc-cache-")  # which engine is fastest is remembered there
torch.set_num_threads(1)  # two spend their time waiting for each other, and for ever where a core is busy


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running server."""
    server = Server()
    yield server
    server.close()
