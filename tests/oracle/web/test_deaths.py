"""A page that is open while the driver, the service and the database are killed one after another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oracle.execution import ExecutionOptions
from tests.docker.services import free_port
from tests.oracle.api.drivers import ForkingLauncher
from tests.oracle.report.browsing import until
from tests.oracle.simulation import small_spec
from tests.oracle.web.serving import visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.studies.server import Server

pytestmark = [pytest.mark.faults, pytest.mark.slow]

STATE = "document.getElementById('state').textContent"
TRIALS = "document.querySelectorAll('#facts dd')[1].textContent"
LINE = "document.getElementById('line').textContent"


@contextmanager
def service(db: str, port: int) -> Iterator[subprocess.Popen[str]]:
    """`scyc serve`, once it listens."""
    command = [sys.executable, "-m", "oracle.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=os.environ | {"SCYC_DB": db}, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert f":{port}/" in process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_page_finds_its_way_back(browser: Browser, server: Server, tmp_path: Path) -> None:
    db, port = server.empty(), free_port()
    launcher, options = ForkingLauncher(tmp_path, db), ExecutionOptions(executor="inline", mirror=False)
    launcher.sweep("a", small_spec(engine="eager", seeds=list(range(150))), options)
    with visit(browser, f"http://127.0.0.1:{port}", lost=True) as page:
        with service(db, port) as running:
            given_up = time.monotonic() + 30
            while page.goto(f"http://127.0.0.1:{port}/study/a").status == 404:  # type: ignore[union-attr]
                assert time.monotonic() < given_up
            until(page, f"{STATE} === 'running'")

            launcher.kill("a")
            until(page, f"{STATE} === 'waiting'")
            launcher.resume("a", options)
            until(page, f"{STATE} === 'running'")

            running.kill()
            until(page, f"{LINE}.startsWith('Not connected since')")
        with service(db, port):
            until(page, f"{LINE} === ''")
            assert page.evaluate(STATE) == "running"

            kill(server)
            until(page, f"{LINE} !== ''")
            before = page.evaluate(TRIALS)
            server.start()
            until(page, f"{LINE} === ''")
            until(page, f"{TRIALS} !== '{before}'")
    launcher.kill("a")


def kill(server: Server) -> None:
    """Kill all processes of a server."""
    postmaster = int((Path(server.socket) / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    for process in (postmaster, *map(int, children)):
        os.kill(process, signal.SIGKILL)
    while Path(f"/proc/{postmaster}").exists():
        time.sleep(0.05)
