"""What the service answers, asked as programs ask."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from importlib import import_module
from threading import Event
from typing import TYPE_CHECKING, Any, Self
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

import pytest

from oracle.api.study_reader import StudyReader
from oracle.results.status import study_status
from oracle.web import application
from oracle.web.service import READERS
from studies import Store, StudyError
from tests.oracle.simulation import Laboratory, small_spec
from tests.oracle.web.serving import served

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

MODULE = import_module("oracle.web.application")  # `oracle.web.application` itself is the function


class Unled(HTTPRedirectHandler):
    """Does not follow."""

    def redirect_request(self, *_: object) -> None:
        return None


def get(url: str, method: str = "GET", **headers: str) -> tuple[int, Message, str]:
    """Status, headers and text."""
    try:
        answer = build_opener(Unled).open(Request(url, headers=headers, method=method), timeout=20)
    except HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()
    with answer:
        return answer.status, answer.headers, answer.read().decode()


def get_json(url: str) -> Any:
    with urlopen(url, timeout=20) as answer:
        return json.load(answer)


def test_what_it_shows_is_what_the_commands_print(tmp_path: Path) -> None:
    with Laboratory(small_spec(), url=f"sqlite:///{tmp_path}/scyc.db") as lab, served(application(lab.store)) as there:
        lab.work(lab.sweep(), most=7)
        [listed] = get_json(f"{there}/api/v1/studies")["studies"]
        status = study_status(lab.store, "s").to_json()
        assert listed["state"] == status["state"]
        assert listed["trials"] == status["trials"]
        assert listed["decided"] == len(status["decided"]) == 1
        _, _, html = get(f"{there}/study/s")
        assert "7 of 18" in html
        lab.finish()
        [level, *_] = get_json(f"{there}/api/v1/studies/1/curve")["levels"]
        assert level["winner"] == 0.2
        _, _, html = get(f"{there}/study/s")
        assert "18 of 18" in html
        _, headers, html = get(f"{there}/report/s")
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert "Plotly.newPlot" in html


def test_a_database_without_studies() -> None:
    with Store.open("sqlite://") as store, served(application(store)) as there:
        assert get_json(f"{there}/api/v1/studies") == {"studies": [], "next": None}
        assert "no studies yet" in get(f"{there}/")[2]
        assert get_json(f"{there}/health") == {"database": True}


@pytest.mark.parametrize("page", ["study/nothing", "report/nothing", "api/v1/studies/9", "api/v1/studies/9/curve"])
def test_a_study_that_is_not_there(page: str) -> None:
    with Store.open("sqlite://") as store, served(application(store)) as there:
        status, _, text = get(f"{there}/{page}")
    assert status == 404
    assert page.split("/")[-1].replace("curve", "9") in text


def test_names_are_shown_as_they_are_and_lead_to_their_studies() -> None:
    name = "a/b?c#<b id=x>&é%"
    spec = small_spec()
    with Store.open("sqlite://") as store, served(application(store)) as there:
        store.create_study(name, spec.to_dict(), spec.hash, "memory://names", {})
        _, _, html = get(f"{there}/")
        assert "<b id" not in html
        assert f'href="/study/{quote(name)}"' in html
        status, headers, html = get(f"{there}/study/{quote(name)}")
        assert status == 200
        assert "<b id" not in html
        assert "script-src 'self';" in headers["Content-Security-Policy"]
        assert get_json(f"{there}/api/v1/studies/1")["name"] == name


def test_one_study_that_cannot_be_read_does_not_hide_the_others() -> None:
    spec = small_spec()
    with Store.open("sqlite://") as store, served(application(store)) as there:
        store.create_study("new", spec.to_dict() | {"invented": 1}, "x", "memory://new", {})
        store.create_study("old", spec.to_dict(), spec.hash, "memory://old", {})
        rows = {row["name"]: row for row in get_json(f"{there}/api/v1/studies")["studies"]}
        assert rows["new"]["state"] == "unreadable"
        assert "invented" in rows["new"]["error"]
        assert rows["old"]["state"] == "waiting"
        assert "invented" in get(f"{there}/")[2]
        assert get(f"{there}/report/new")[0] == 409
        assert "invented" in get(f"{there}/api/v1/studies/1/curve")[2]


def test_a_database_that_is_away_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: Store) -> None:
        raise StudyError("The database does not answer.")

    with Store.open("sqlite://") as store, served(application(store)) as there:
        monkeypatch.setattr(Store, "study_names", away)
        monkeypatch.setattr(Store, "revision", away)
        assert get(f"{there}/health")[0] == 503
        assert get(f"{there}/")[2] == "The database does not answer.\n"


def test_nothing_can_be_changed() -> None:
    with Store.open("sqlite://") as store, served(application(store)) as there:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert get(f"{there}/", method, **{"X-Scyc-Request": "1"})[0] == 405


class Stuck:
    """A database that answers nobody until it is released."""

    def __init__(self) -> None:
        self.asked, self._released = 0, Event()

    def __call__(self, *_: object) -> dict[int, str]:
        self.asked += 1
        assert self._released.wait(timeout=30)
        return {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()


def ask_and_wait(stack: ExitStack, there: str, path: str, count: int) -> list[HTTPConnection]:
    """Ask often, on connections of their own, without waiting for an answer."""
    connections = [HTTPConnection(there.partition("://")[2], timeout=30) for _ in range(count)]
    for connection in connections:
        stack.enter_context(closing(connection))
        connection.request("GET", path)
    return connections


@pytest.mark.parametrize("path", ["/", "/api/v1/studies"])
def test_many_that_wait_for_the_database_do_not_keep_others_waiting(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open("sqlite://") as store, Stuck() as stuck, served(application(store)) as there, ExitStack() as stack:
        monkeypatch.setattr(Store, "study_names", stuck)
        waiting = ask_and_wait(stack, there, path, 45)
        assert get_json(f"{there}/health") == {"database": True}
        assert 0 < stuck.asked <= READERS
        stuck.__exit__()
        assert [connection.getresponse().status for connection in waiting] == [200] * 45


def test_health_says_when_the_database_does_not_answer_and_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "PATIENCE", 0.2)
    with Store.open("sqlite://") as store, Stuck() as stuck, served(application(store)) as there:
        monkeypatch.setattr(Store, "revision", stuck)
        for _ in range(3):
            status, _headers, text = get(f"{there}/health")
            assert (status, text) == (503, "The database has not answered for 0.2 seconds.\n")
        assert stuck.asked == 1
        stuck.__exit__()
        assert get(f"{there}/health")[0] == 200


@pytest.mark.parametrize(
    "beginning", [b"", b"GET / HTTP/1.1\r\nHost: here\r\n", b"GET /health HTTP/1.1\r\nHost: here\r\n\r\nGET /"]
)
def test_a_connection_without_a_whole_request_is_closed(beginning: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.web.server.REQUEST_SECONDS", 0.2)
    with Store.open("sqlite://") as store, served(application(store)) as there:
        host, _, port = there.partition("://")[2].partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as half_open:
            half_open.sendall(beginning)
            while half_open.recv(4096):
                pass


def test_whoever_waits_for_an_answer_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.web.server.REQUEST_SECONDS", 0.1)
    with Store.open("sqlite://") as store, Stuck() as stuck, served(application(store)) as there, ExitStack() as stack:
        monkeypatch.setattr(Store, "study_names", stuck)
        [waiting] = ask_and_wait(stack, there, "/api/v1/studies", 1)
        time.sleep(0.5)
        stuck.__exit__()
        assert waiting.getresponse().status == 200


def test_reports_that_wait_for_each_other_hold_up_no_other_page(monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open("sqlite://") as store, served(application(store)) as there, ExitStack() as stack:
        begun, released = Event(), Event()

        def slow(_: StudyReader) -> str:
            begun.set()
            assert released.wait(timeout=30)
            return "a report"

        monkeypatch.setattr(StudyReader, "report_html", slow)
        waiting = ask_and_wait(stack, there, "/report/s", 45)
        assert begun.wait(timeout=30)
        assert get_json(f"{there}/api/v1/studies") == {"studies": [], "next": None}
        released.set()
        assert [connection.getresponse().read() for connection in waiting] == [b"a report"] * 45


def test_whoever_reads_nothing_of_an_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.web.server.REQUEST_SECONDS", 0.2)
    with Store.open("sqlite://") as store, served(application(store)) as there:
        host, _, port = there.partition("://")[2].partition(":")
        with socket.socket() as idle:
            idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            idle.settimeout(20)
            idle.connect((host, int(port)))
            idle.sendall(f"GET /static/plotly.min.js HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            time.sleep(1.5)  # several times as long as one may read nothing
            received = 0
            with suppress(ConnectionResetError):
                while part := idle.recv(2**16):
                    received += len(part)
        whole = len(get(f"{there}/static/plotly.min.js")[2].encode())
    assert received < whole


def test_there_are_only_so_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.web.server.CONNECTIONS", 3)
    with Store.open("sqlite://") as store, served(application(store)) as there, ExitStack() as stack:
        host, _, port = there.partition("://")[2].partition(":")
        for _ in range(3):
            stack.enter_context(socket.create_connection((host, int(port))))
        time.sleep(0.1)
        assert get(f"{there}/health")[0] == 503
