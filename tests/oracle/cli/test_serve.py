"""`scyc serve` as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oracle.cli.commands.serve import _token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.oracle.cli.conftest import Ended

pytestmark = pytest.mark.slow

SCYC = str(Path(sys.executable).with_name("scyc"))


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[int, str]]:
    """The port that it listens at, and what it said; it is ended by Ctrl-C."""
    command = [SCYC, "serve", "--port", "0", *options]
    environment = {key: value for key, value in os.environ.items() if key != "SCYC_DB"}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    if "--host" in options and "--token-file" not in options:
        said += process.stdout.readline()
    try:
        found = re.search(r":(\d+)/", said)
        assert found, process.communicate()
        yield int(found[1]), said
    finally:
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=20)
    assert (process.returncode, rest, complaints) == (130, "", "")


def status(port: int, path: str, **headers: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers=headers)
    found = connection.getresponse().status
    connection.close()
    return found


def test_on_this_machine_it_takes_no_token_and_answers_to_its_own_name_alone(tmp_path: Path) -> None:
    with serving(tmp_path) as (port, said):
        assert "token" not in said
        assert status(port, "/") == 200
        assert status(port, "/", Host=f"localhost:{port}") == 200
        assert status(port, "/", Host=f"attacker.example:{port}") == 400


def test_elsewhere_a_token_is_made_up_and_shown_once(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0") as (port, said):
        token = re.search(r"^Visitors sign in with this token: (\S+)$", said, re.MULTILINE)
        assert token
        assert token[1] not in said.partition("\n")[0]  # the address may be copied, logged and kept
        assert len(token[1]) >= 40
        assert status(port, "/") == 401
        assert status(port, "/", Authorization=f"Bearer {token[1]}") == 200


def test_a_token_of_ones_own_is_asked_for_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abcdefghijklmnopqrstuvwxyz\nand more\n")
    with serving(tmp_path, "--token-file", "token") as (port, said):
        assert "token" not in said
        assert status(port, "/") == 401
        assert status(port, "/", Authorization="Bearer abcdefghijklmnopqrstuvwxyz") == 200


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_token_is_read_however_an_editor_wrote_it(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abcdefghijklmnopqrstuvwxyz\r\nand more\r\n", encoding=encoding, newline="")
    assert _token(tmp_path / "token", "127.0.0.1") == "abcdefghijklmnopqrstuvwxyz"


def test_what_cannot_be_served_is_refused(scyc: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "short").write_text("123\n")
    (tmp_path / "odd").write_text("nicht-für-ein-cookie", encoding="utf-8")
    (tmp_path / "junk").write_bytes(b"\xff\xff" * 20)
    for options, complaint in (
        (["--token-file", "short"], "at least 16"),
        (["--token-file", "odd"], "a character that a browser cannot send"),
        (["--token-file", "junk"], "The token file junk cannot be read"),
        (["--token-file", "nowhere"], "The token file nowhere cannot be read"),
        (["--host", "192.0.2.1"], "The server cannot listen on"),
        (["--db", "nonsense"], "The database URL makes no sense"),
    ):
        ended = scyc("serve", *options)
        assert ended.code == 2
        assert complaint in ended.err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = scyc("serve", "--port", str(taken.getsockname()[1]))
        assert ended.code == 2
        assert "choose another --host or --port" in ended.err
