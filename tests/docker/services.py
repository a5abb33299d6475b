"""The services of the compose file as plain processes of this machine."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from tests.docker.files import DOCKER, ROOT, command_of, compose, image_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.studies.server import Server

GRACE = 45  # seconds that the compose file gives a service to end in
_MARK = "SCYC_TEST_SERVICES"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Services:
    """Runs what containers would run: the image's entry point and the service's command line, with its environment.

    Names that containers resolve, ports, and the places of volumes and secrets become those of this machine.

    Args:
        folder: for volumes, secrets, homes and logs.
        server: stands for the service `postgres`.
        secrets: by name.
        variables: what the compose file is interpolated with.
    """

    def __init__(self, folder: Path, server: Server, secrets: dict[str, str], **variables: str) -> None:
        self.folder, self.mark = folder, f"{_MARK}={os.getpid()}-{folder.name}"
        self.services: dict[str, dict[str, Any]] = compose(**variables)["services"]
        self.head, self.dashboard, self.web = (f"127.0.0.1:{free_port()}" for _ in range(3))
        self._ray = tempfile.mkdtemp(prefix="ray-")  # short: sockets are in it
        self.started: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("artifacts", "data", "secrets"):
            (folder / name).mkdir()
        for name, value in secrets.items():
            (folder / "secrets" / name).write_text(f"{value}\n")  # as openssl writes it
        self._here = {
            "--port=6379": f"--port={self.head.partition(':')[2]}",
            "ray-head:6379": self.head,
            "scyc@postgres/scyc": f"scyc@/scyc?host={quote(server.socket, safe='')}",
            "--host=127.0.0.1": f"--host={server.socket}",  # of pg_isready
            "--host 0.0.0.0 --port 8080": f"--host 127.0.0.1 --port {self.dashboard.partition(':')[2]}",
            "127.0.0.1:8080": self.dashboard,
            "--host 0.0.0.0 --port 8000": f"--host 127.0.0.1 --port {self.web.partition(':')[2]}",
            "127.0.0.1:8000": self.web,
            "/run/secrets": str(folder / "secrets"),
            "/artifacts": str(folder / "artifacts"),
        }

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a service, with more arguments if there are any; what it says goes into its log."""
        with self._log(name).open("ab") as log:
            process = self._open(name, [*self._command(name), *arguments], log)
        self.started[name] = process
        return process

    def up(self, name: str, ready: Callable[[], object]) -> None:
        """Start a service that stays, and again if it ends before it is ready: its container would be restarted."""
        for _ in range(3):
            process = self.start(name)
            wait_for(lambda process=process: ready() or process.poll() is not None)  # type: ignore[misc]
            if process.poll() is None:
                return
        raise AssertionError(self.said(name))

    def up_ray(self, name: str) -> None:
        """Start a Ray node, one at a time: those that start at once on one machine take each other's ports."""
        self.up(name, lambda: "Ray runtime started" in self.said(name))

    def run(self, name: str, *arguments: str, code: int = 0) -> str:
        """`docker compose run NAME ARGUMENTS`: these in the place of its command. Returns what it says."""
        entrypoint = self.services[name].get("entrypoint", ["scyc-entrypoint"])
        process = self._open(name, self._translated([*entrypoint, *arguments]), subprocess.PIPE)
        said = process.communicate(timeout=120)[0].decode()
        assert process.returncode == code, said
        return said

    def healthy(self, name: str, check: list[str], **more: str) -> bool:
        """Whether a health check, as a container of this service would run it, succeeds."""
        process = self._open(name, self._translated(check), subprocess.DEVNULL, RAY_ADDRESS=self.head, **more)
        return process.wait(120) == 0

    def said(self, name: str) -> str:
        return self._log(name).read_text()

    def ours(self) -> list[int]:
        """Processes that were started here, or by what was."""
        return [pid for pid, _, _ in self._processes()]

    def named(self, program: str) -> list[int]:
        """Those of them that run a program."""
        return [
            pid for pid, command, _ in self._processes() if command.split(b"\0")[0].endswith(f"/{program}".encode())
        ]

    def exposed(self, secret: str) -> list[bytes]:
        """Command lines of those that show a secret, in themselves or in their environment."""
        return [command for _, command, environment in self._processes() if secret.encode() in command + environment]

    def end(self) -> None:
        """End every service as Docker does: politely, and what is left in its container at once."""
        for process in reversed(self.started.values()):
            process.terminate()
        for process in self.started.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
        deadline = time.monotonic() + 20
        while (left := self.ours()) and time.monotonic() < deadline:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)
        shutil.rmtree(self._ray, ignore_errors=True)

    def _command(self, name: str) -> list[str]:
        return self._translated(command_of(self.services[name]))

    def _translated(self, command: list[str]) -> list[str]:
        line = "\0".join(command).replace("scyc-entrypoint", f"sh\0{DOCKER / 'entrypoint.sh'}", 1)
        for there, here in self._here.items():
            line = line.replace(there.replace(" ", "\0"), here.replace(" ", "\0"))
        return line.split("\0")

    def _open(self, name: str, command: list[str], out: int | IO[bytes], **more: str) -> subprocess.Popen[bytes]:
        home = self.folder / f"home-{name}"
        home.mkdir(exist_ok=True)
        mark, _, value = self.mark.partition("=")
        bins = [str(Path(sys.executable).parent), "/usr/bin", "/bin"]
        environment = image_environment() | self.services[name].get("environment", {})
        environment = {key: self._translated([setting])[0] for key, setting in environment.items()} | {
            "PATH": os.pathsep.join(bins),
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "SCYC_DATA": str(self.folder / "data"),
            "RAY_TMPDIR": self._ray,
            mark: value,
        }
        if "postgres_password" in self.services[name].get("secrets", []):
            environment["SCYC_PASSWORD_FILE"] = str(self.folder / "secrets" / "postgres_password")
        return subprocess.Popen(
            command, cwd=home, env=environment | more, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )

    def _processes(self) -> list[tuple[int, bytes, bytes]]:
        """Number, command line and environment of each of our processes."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                found.append((int(folder.name), (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()))
        return [process for process in found if self.mark.encode() in process[2]]

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def wait_for(what: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something is true.

    Raises:
        TimeoutError: it did not become true.
    """
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.1)


def listens(address: str) -> bool:
    host, _, port = address.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
