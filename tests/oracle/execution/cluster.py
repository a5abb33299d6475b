"""A Ray cluster of several machines on this one: every node in a network namespace of its own, joined by a bridge.

What befalls machines can be done to it: they die, are cut off, freeze. As where somebody looks after a cluster, a node
whose Ray has ended is started again.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oracle.execution.tune import QUIET

if TYPE_CHECKING:
    from collections.abc import Iterable

RAY = str(Path(sys.executable).with_name("ray"))
DETECTION = {  # a node is given up after some ten seconds of silence, instead of a minute
    "RAY_health_check_initial_delay_ms": "2000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "3000",
    "RAY_health_check_failure_threshold": "3",
}
WORKER = (
    b"Trainable"  # in the name of its process: `ray::_TrialTrainable`, `ray::ResourceTrainable.train` while it trains
)
MEMORY = "--object-store-memory=80000000"  # bytes


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=True).stdout


def permitted() -> bool:
    """Whether network namespaces can be made here."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"scyc{os.getpid()}try"
    try:
        ip("netns", "add", name)
        ip("netns", "del", name)
    except subprocess.CalledProcessError:
        return False
    return True


class Node:
    """A machine of the cluster, with one processor."""

    def __init__(self, number: int, cluster: Cluster) -> None:
        self.name = f"scyc{os.getpid() % 100000}n{number}"  # of the namespace, and of its link's end here
        self.address = f"{cluster.subnet}.{number + 2}"
        self.cluster = cluster
        ip("netns", "add", self.name)
        ip("link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("link", "set", self.name, "master", cluster.bridge, "up")
        ip("-n", self.name, "address", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            ip("-n", self.name, "link", "set", device, "up")
        self.process: subprocess.Popen[bytes] | None = None

    def tend(self) -> None:
        """Start Ray if it does not run."""
        if self.process is not None and self.process.poll() is None:
            return
        self._signal(signal.SIGKILL)  # what is left of the last one
        command = ["ip", "netns", "exec", self.name, RAY, "start", "--block", f"--address={self.cluster.address}"]
        command += [f"--node-ip-address={self.address}", "--num-cpus=1", MEMORY, "--disable-usage-stats"]
        self.process = subprocess.Popen(command, **self.cluster.silent)

    def kill(self) -> None:
        """Let everything on the machine end at once; it is started again."""
        self._signal(signal.SIGKILL)

    def kill_workers(self) -> None:
        """Kill what trains."""
        self._signal(signal.SIGKILL, WORKER)

    def terminate(self) -> None:
        """Tell everything to end, as the provider of a spot instance does; it is started again."""
        self._signal(signal.SIGTERM)

    def freeze(self) -> None:
        """Stop everything in mid-air."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def cut_off(self) -> None:
        """Pull the network cable."""
        ip("link", "set", self.name, "down")

    def mend(self) -> None:
        """Put it back."""
        ip("link", "set", self.name, "up")

    def runs(self) -> bool:
        """Whether Ray runs there."""
        return any(b"/raylet" in command for _, command in self._processes())

    def trains(self) -> bool:
        """Whether a worker is there."""
        return any(WORKER in command for _, command in self._processes())

    def close(self) -> None:
        """Take the machine away."""
        self._signal(signal.SIGKILL)
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        ip("link", "del", self.name)  # a namespace, and its end of the link, may outlast its name for a while
        ip("netns", "del", self.name)

    def _signal(self, number: signal.Signals, only: bytes = b"") -> None:
        for pid, command in self._processes():
            if only in command:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)

    def _processes(self) -> Iterable[tuple[int, bytes]]:
        for pid in map(int, ip("netns", "pids", self.name).split()):
            with suppress(OSError):
                yield pid, Path(f"/proc/{pid}/cmdline").read_bytes()


class Cluster:
    """A head without processors, in this namespace, and nodes with one each.

    Args:
        nodes: how many.
        variables: what is more in the environment of all of them.

    Attributes:
        address: of the head, for `--ray-address`.
        nodes: the machines.
    """

    def __init__(self, nodes: int, variables: dict[str, str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="scyc-ray-"))
        self.subnet = f"10.{200 + os.getpid() % 50}.{os.getpid() // 50 % 250}"
        self.bridge = f"scyc{os.getpid() % 100000}"
        self.log = (self.folder / "log").open("wb")
        self.silent: dict[str, Any] = {
            "stdout": self.log,
            "stderr": self.log,
            "cwd": self.folder,
            "env": {**os.environ, **QUIET, **DETECTION, **variables},
        }
        self.nodes: list[Node] = []
        self.head: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        ip("link", "add", self.bridge, "type", "bridge")
        try:
            ip("address", "add", f"{self.subnet}.1/24", "dev", self.bridge)
            ip("link", "set", self.bridge, "up")
            with socket.socket() as probe:
                probe.bind((f"{self.subnet}.1", 0))
                port = probe.getsockname()[1]
            self.address = f"{self.subnet}.1:{port}"
            self._start_head()
            self.nodes = [Node(number, self) for number in range(nodes)]
        except BaseException:
            self.close()
            raise
        self._keeper.start()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def restart_head(self) -> None:
        """Let everything on the head's machine end at once, drivers aside, and start it again: it has forgotten all."""
        self._kill_head()
        self._start_head()

    def close(self) -> None:
        """End everything."""
        self._ended.set()
        if self._keeper.is_alive():
            self._keeper.join()
        for node in self.nodes:
            node.close()
        self._kill_head()
        ip("link", "del", self.bridge)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _keep(self) -> None:
        while not self._ended.wait(0.3):
            for node in self.nodes:
                node.tend()

    def _start_head(self) -> None:
        port = int(self.address.partition(":")[2])
        command = [RAY, "start", "--head", "--block", f"--port={port}", f"--node-ip-address={self.subnet}.1"]
        command += ["--num-cpus=0", "--include-dashboard=false", "--disable-usage-stats", MEMORY]
        folder = tempfile.mkdtemp(prefix="r", dir=self.folder)  # in a former head's, Ray believes that it runs on
        self.head = subprocess.Popen([*command, f"--temp-dir={folder}"], **self.silent)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.head.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((f"{self.subnet}.1", port)) == 0:
                    return
            time.sleep(0.2)
        raise RuntimeError(f"No Ray head came up at {self.address}: {(self.folder / 'log').read_text()[-2000:]}")

    def _kill_head(self) -> None:
        if self.head is not None and self.head.poll() is None:
            for pid in [*descendants(self.head.pid), self.head.pid]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.head.wait(60)


def descendants(pid: int) -> list[int]:
    """Return the children of a process, and theirs."""
    try:
        children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    except OSError:
        return []  # it has ended
    return [one for child in children for one in (child, *descendants(child))]
