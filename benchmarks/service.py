"""Time the web service: how a large study opens, how an update reaches its page, and what open pages cost a sweep.

    python -m benchmarks.service [--trials 100000] [--pages 50] [--pairs 5]

The large study is made by simulated workers (`benchmarks.simulation`), in SQLite. The service is a process of its own,
as `scyc serve` starts it. A sweep that pages follow, really trained by two workers, is compared with one that nobody
follows, right before or after it, so that what else the machine does hits both. The tables are kept in
benchmarks/results/service.md.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks.instruments import table
from benchmarks.simulation import sweep
from oracle.spec.files import load_spec
from oracle.study.opening import open_study
from oracle.study.provenance import provenance
from oracle.study.writing import write_text
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULT = Path(__file__).parent / "results" / "service.md"
WORKERS, EPOCHS, BATCH = 1000, 10, 200
WATCHED = ("levels=6", "seeds=[0, 1, 2]", "epochs=10", "search.max_lr.count=8", "search.widen=0", "engine=eager")
"""The sweeps that are compared: the embedded example, made smaller; 144 trials."""

NAME = "simulation"
SCYC = [sys.executable, "-m", "oracle.cli"]
PARTS = ("", "/curve", "/surface", "/schedules", "/trials?limit=100")
VERDICTS = 20


@contextmanager
def service(url: str) -> Iterator[tuple[str, psutil.Process]]:
    """Yield the host and port of a service on a database, and its process."""
    process = subprocess.Popen([*SCYC, "serve", "--port", "0", "--db", url], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://(\S+?)/", process.stdout.readline())
        assert found
        yield found[1], psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def get(there: str, path: str) -> tuple[float, bytes]:
    """Return how many seconds an answer took, and the answer."""
    began = time.perf_counter()
    with closing(HTTPConnection(there, timeout=600)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} was answered with {answer.status}: {body[:200]!r}")
    return time.perf_counter() - began, body


def opened(there: str) -> dict[str, float]:
    """Return how long a page takes with all that it shows, asked for at once as a browser does, in seconds."""
    began = time.perf_counter()
    found = {"page": get(there, f"/study/{NAME}")[0]}
    with ThreadPoolExecutor(6) as browser:
        paths = [f"/api/v1/studies/1{part}" for part in PARTS[:3]]
        found |= {
            part: seconds
            for part, (seconds, _) in zip(PARTS[:3], browser.map(lambda p: get(there, p), paths), strict=True)
        }
    return found | {"all": time.perf_counter() - began}


def updated(there: str, url: str) -> list[float]:
    """Return after how many seconds changes of a study reach a page that follows it."""
    found = []
    with Store.open(url) as store, closing(HTTPConnection(there, timeout=60)) as connection:
        connection.request("GET", "/api/v1/studies/1/events")
        told = connection.getresponse()
        _until_event(told)
        for _ in range(5):
            time.sleep(2)  # a page that was told a moment ago waits for a second
            lease = store.acquire_lease(1, "benchmark", 60)
            began = time.perf_counter()
            _until_event(told)
            found.append(time.perf_counter() - began)
            time.sleep(2)
            store.release_lease(lease)
            _until_event(told)
    return found


def _until_event(told: Iterator[bytes]) -> None:  # type: ignore[misc]
    for line in told:
        if line.startswith(b"data: "):
            return


def watched(folder: Path, number: int, pages: int) -> tuple[float, float]:
    """Sweep while so many pages follow it; return the seconds of the sweep, and those of the service's processor."""
    url = f"sqlite:///{folder}/watched-{number}-{pages}.db"
    with Store.open(url) as store:
        open_study(store, NAME, load_spec(None, WATCHED), f"{folder}/weights-{number}-{pages}")
    command = [*SCYC, "sweep", "--name", NAME, "--db", url, "--workers", "2"]
    with ExitStack() as stack:
        process = None
        if pages:
            there, process = stack.enter_context(service(url))
            stack.enter_context(followed(there, pages))
        before = sum(process.cpu_times()[:2]) if process else 0.0
        began = time.perf_counter()
        sweeping = [*command, *(f"--set={setting}" for setting in WATCHED)]
        subprocess.run(sweeping, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        return seconds, (sum(process.cpu_times()[:2]) if process else 0.0) - before


@contextmanager
def followed(there: str, pages: int) -> Iterator[None]:
    """Follow the study of a service by so many pages, in one thread."""
    host, _, port = there.partition(":")
    lines = [socket.create_connection((host, int(port)), timeout=60) for _ in range(pages)]
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            for line in select.select(lines, [], [], 0.2)[0]:
                line.recv(2**16)

    for line in lines:
        line.sendall(f"GET /api/v1/studies/1/events HTTP/1.1\r\nHost: {there}\r\n\r\n".encode())
        line.recv(2**16)
    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        over.set()
        reader.join()
        for line in lines:
            line.close()


def report(trials: int, pages: int, pairs: int) -> Iterator[str]:
    """Measure, and yield the lines of the report."""
    machine = provenance()
    hardware = machine["hardware"]
    yield "# The web service"
    yield (
        f"`python -m benchmarks.service --trials {trials} --pages {pages} --pairs {pairs}` at "
        f"{(machine['commit'] or 'no commit')[:12]} on {hardware['processor']}, {hardware['cores']} cores, "
        f"{hardware['memory_gib']} GiB, shared with others (load {os.getloadavg()[0]:.1f} before), SQLite."
    )
    with tempfile.TemporaryDirectory(prefix="scyc-service-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/large.db"
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            pool.submit(sweep, url, trials, WORKERS, EPOCHS, BATCH).result()
        with service(url) as (there, process):
            rows = {"first": opened(there)}
            time.sleep(15)  # until all levels are read
            rows["again"] = opened(there)
            each = {part: get(there, f"/api/v1/studies/1{part}")[0] for part in PARTS}
            schedule = "/api/v1/studies/1/verdict?schedule=s-cyc:delta="
            verdicts = [get(there, f"{schedule}{0.05 + i / 1000}")[0] for i in range(VERDICTS)]
            latency = updated(there, url)
            memory = process.memory_info().rss / 2**20
        yield (
            f"A study of {trials:,} trials, opened as a browser does: the page, then its parts at once. Seconds until "
            "each is there. First: right after the service has started. Again: once it has read all levels."
        )
        yield table("opened | page | study | curve | surface | all")
        for what, row in rows.items():
            yield (
                f"| {what} | "
                + " | ".join(f"{row[key]:.2f}" for key in ("page", *PARTS[:3]))
                + f" | **{row['all']:.2f}** |"
            )
        yield (
            "\nOne after the other, in milliseconds: "
            + ", ".join(f"{part.strip('/') or 'study'} {1000 * seconds:.0f}" for part, seconds in each.items())
            + f"; a verdict {1000 * statistics.median(verdicts):.0f}. A change reaches a page that follows the study "
            f"after {1000 * statistics.median(latency):.0f} ms (median of {len(latency)}). The service takes "
            f"{memory:.0f} MiB."
        )
        yield (
            f"\nSweeps of 144 trials, by two workers, each pair one after the other: nobody looks, and {pages} pages "
            "follow. Seconds of the whole command, and of the service's processor meanwhile."
        )
        yield table("pair | seconds alone | seconds followed | slower | processor of the service")
        slower = []
        for pair in range(pairs):
            order = (0, pages) if pair % 2 == 0 else (pages, 0)
            took = {count: watched(folder, pair, count) for count in order}
            slower.append(took[pages][0] / took[0][0] - 1)
            yield (
                f"| {pair + 1} | {took[0][0]:.2f} | {took[pages][0]:.2f} | {slower[-1]:+.1%} | {took[pages][1]:.2f} s |"
            )
        yield f"| median | | | **{statistics.median(slower):+.1%}** | |"


def main() -> None:
    """Measure, print the tables and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    lines = []
    for line in report(given.trials, given.pages, given.pairs):
        print(line, flush=True)
        lines.append(line)
    write_text("\n\n".join(lines[:3]) + "\n" + "\n".join(lines[3:]) + "\n", RESULT)


if __name__ == "__main__":
    main()
