"""Who may do what: every route, whatever it is for."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import closing, suppress
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from oracle.web import application
from oracle.web.access import SESSION_SECONDS, Sessions
from studies import Store
from tests.oracle.simulation import Laboratory, small_spec
from tests.oracle.web.asking import METHODS, addresses, ask
from tests.oracle.web.serving import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "0123456789abcdef-token"
OPEN = {"/health", "/login", "/static/app.js"}
READS = {"GET", "HEAD", "OPTIONS"}
OWN = {"X_Scyc_Request": "1"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """A service that wants a token, and the addresses of all its routes."""
    path = tmp_path_factory.mktemp("guarded")
    with Laboratory(small_spec(), url=f"sqlite:///{path}/scyc.db") as lab:
        lab.finish()
        service = application(lab.store, token=TOKEN, hosts=["my-proxy.example"])
        found = sorted({*addresses(service.app.routes)})  # type: ignore[attr-defined]
        with served(service) as there:
            yield there, found


@pytest.fixture(autouse=True)
def unlimited(guarded: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong tokens are tried very often here."""
    monkeypatch.setattr("oracle.web.limits.Attempts.count", lambda *_: None)


def session(there: str) -> str:
    signed_in = ask(f"{there}/api/v1/login", "POST", json.dumps({"token": TOKEN}).encode(), **OWN)
    assert signed_in.status == 204
    return signed_in.headers["Set-Cookie"].partition(";")[0]


def test_the_walk_knows_every_kind_of_route(guarded: tuple[str, list[str]]) -> None:
    _, found = guarded
    assert {"/", "/study/s", "/static/app.js", "/health", "/api/v1/openapi.json", "/api/v1/login"} <= set(found)
    assert {"/api/v1/studies/1/events", "/api/v1/studies/1/export", "/api/v1/launches"} <= set(found)
    assert not any("{" in path and "number" not in path for path in found)
    assert len(found) > 25


def wrong_ones(there: str) -> dict[str, dict[str, str]]:
    cookie = session(there)
    name, _, value = cookie.partition("=")
    other = Sessions("another-token-of-16")
    return {
        "no token": {},
        "a wrong token": {"Authorization": "Bearer wrong"},
        "no bearer": {"Authorization": f"Basic {TOKEN}"},
        "an empty one": {"Authorization": "Bearer "},
        "the token as a cookie": {"Cookie": f"{name}={TOKEN}"},
        "a cookie that was changed": {"Cookie": f"{name}={value[:-2]}xx"},
        "a cookie of another token": {"Cookie": f"{name}={other.begin()}"},
    }


def test_nothing_is_shown_or_done_without_the_token(guarded: tuple[str, list[str]]) -> None:
    there, found = guarded
    for what, headers in wrong_ones(there).items():
        for path in [*found, "/nowhere", "//health", "/health/", "/static/../", "/api/v2/studies"]:
            if path in OPEN or path == "/api/v1/login" or path.startswith("/static/"):
                continue
            for method in METHODS:
                answer = ask(there + path, method, **OWN, **headers)
                assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), (what, method, path)
                assert TOKEN not in answer.text + str(answer.headers)


def test_a_token_in_an_address_is_worth_nothing(guarded: tuple[str, list[str]]) -> None:
    there, _ = guarded
    for path in ("/", "/study/s", "/api/v1/studies"):
        answer = ask(f"{there}{path}?token={TOKEN}", Accept="text/html")
        assert answer.status == (401 if "/api/" in path else 303)
        assert TOKEN not in answer.text + str(answer.headers)


def test_a_page_leads_to_where_one_signs_in_and_carries_nothing_there(guarded: tuple[str, list[str]]) -> None:
    there, _ = guarded
    for path in ("/", "/study/s?trial=3", "/report/s", "/nowhere"):
        answer = ask(there + path, Accept="text/html,*/*")
        assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert ask(f"{there}/", "POST", Accept="text/html", **OWN).status == 401


@pytest.mark.parametrize(
    "host", ["attacker.example", "attacker.example:80", "127.0.0.1.nip.example", "", "localhost.x"]
)
def test_a_request_for_another_host_is_refused(host: str, guarded: tuple[str, list[str]]) -> None:
    there, found = guarded
    for path in found:
        for method in METHODS:
            answer = ask(there + path, method, Host=host, Authorization=f"Bearer {TOKEN}", **OWN)
            assert answer.status == 400, (method, path)
            if "/api/" in path and method != "HEAD":
                assert "--allow-host" in json.loads(answer.text)["error"]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "[::1]:80", "10.1.2.3:8000", "my-proxy.example"]
)
def test_a_request_for_a_name_of_this_service_is_answered(host: str, guarded: tuple[str, list[str]]) -> None:
    there, _ = guarded
    assert ask(f"{there}/api/v1/session", Host=host, Authorization=f"Bearer {TOKEN}").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
        {"Sec_Fetch_Site": "same-origin", "Origin": "http://evil.example"},
    ],
    ids=str,
)
def test_pages_of_other_sites_get_nothing(headers: dict[str, str], guarded: tuple[str, list[str]]) -> None:
    there, found = guarded
    for path in found:
        for method in METHODS:
            answer = ask(there + path, method, Authorization=f"Bearer {TOKEN}", **OWN, **headers)
            assert answer.status == 403, (method, path)
            assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_link_from_another_site_leads_to_a_page_but_never_does_anything(guarded: tuple[str, list[str]]) -> None:
    there, _ = guarded
    followed = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert ask(f"{there}/", Authorization=f"Bearer {TOKEN}", **followed).status == 200
    assert ask(f"{there}/", "POST", Authorization=f"Bearer {TOKEN}", **OWN, **followed).status == 403


def test_what_changes_something_needs_a_header_that_no_form_can_send(guarded: tuple[str, list[str]]) -> None:
    there, found = guarded
    for path in found:
        for method in set(METHODS) - READS:
            for header in ({}, {"X_Scyc_Request": "0"}):
                answer = ask(there + path, method, Authorization=f"Bearer {TOKEN}", **header)
                assert answer.status == 403, (method, path)


def test_nothing_is_changed_while_writes_are_not_allowed(guarded: tuple[str, list[str]]) -> None:
    there, found = guarded
    for path in found:
        if path == "/api/v1/login":
            continue
        for method in set(METHODS) - READS:
            answer = ask(
                there + path, method, b"{}", Authorization=f"Bearer {TOKEN}", Content_Type="application/json", **OWN
            )
            assert answer.status in (403, 404, 405, 422), (method, path, answer.text)
            assert answer.status != 403 or "--allow-writes" in answer.text
    assert ask(f"{there}/api/v1/studies/1", Authorization=f"Bearer {TOKEN}").status == 200


def test_websockets_are_refused_before_they_begin() -> None:
    sent: list[Any] = []

    async def open_one(path: str) -> None:
        async def send(message: Any) -> None:
            sent.append(message["type"])

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        with Store.open("sqlite://") as store:
            headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {TOKEN}".encode())]
            await application(store, token=TOKEN)(
                {"type": "websocket", "path": path, "headers": headers}, receive, send
            )

    for path in ("/", "/api/v1/studies/1/events", "/login"):
        asyncio.run(open_one(path))
    assert set(sent) == {"websocket.close"}


def test_the_cookie_is_a_session_and_not_the_token(guarded: tuple[str, list[str]]) -> None:
    there, _ = guarded
    signed_in = ask(f"{there}/api/v1/login", "POST", json.dumps({"token": TOKEN}).encode(), **OWN)
    cookie = signed_in.headers["Set-Cookie"]
    assert TOKEN not in cookie
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/", f"max-age={SESSION_SECONDS}"} <= attributes
    value = cookie.partition(";")[0]
    assert ask(f"{there}/api/v1/session", Cookie=value).status == 200
    assert ask(f"{there}/api/v1/login", "DELETE", Cookie=value, **OWN).status == 204
    assert ask(f"{there}/api/v1/session", Cookie=value).status == 401  # a copy of it is worth nothing either


def test_a_session_expires(guarded: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    there, _ = guarded
    value = session(there)
    assert ask(f"{there}/", Cookie=value).status == 200
    monkeypatch.setattr("oracle.web.access.SESSION_SECONDS", -1)
    assert ask(f"{there}/", Cookie=value).status == 401


def test_two_services_on_one_machine_do_not_sign_each_other_out() -> None:
    assert Sessions(TOKEN).cookie != Sessions(f"{TOKEN}2").cookie
    assert Sessions(TOKEN).holds(Sessions(TOKEN).begin())  # a restart signs nobody out


def test_a_wrong_token_is_refused_without_being_repeated(guarded: tuple[str, list[str]]) -> None:
    there, _ = guarded
    secret = "a-mistyped-secret"
    for body, status in (
        ({"token": secret}, 403),
        ({"token": [secret]}, 422),
        ({"tokens": secret}, 422),
        ({"token": secret * 100}, 422),
        ({"token": "é\ud800"}, 422),
    ):
        answer = ask(f"{there}/api/v1/login", "POST", json.dumps(body).encode(), **OWN)
        assert answer.status == status, answer.text
        assert secret not in answer.text
        assert "Set-Cookie" not in answer.headers


def test_the_token_is_in_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        Store.open("sqlite://") as store,
        caplog.at_level(logging.DEBUG),
        served(application(store, token=TOKEN)) as there,
    ):
        session(there)
        ask(f"{there}/?token={TOKEN}")
        ask(f"{there}/api/v1/studies/{quote(TOKEN)}", Authorization=f"Bearer {TOKEN}")
    said = capfd.readouterr()
    ours = [
        record for record in caplog.records if record.name.startswith(("oracle", "uvicorn", "fastapi", "starlette"))
    ]
    assert TOKEN not in said.out + said.err + " ".join(record.getMessage() for record in ours)


def test_guessing_is_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with Store.open("sqlite://") as store, served(application(store, token=TOKEN)) as there:
        tries = [ask(f"{there}/api/v1/login", "POST", b'{"token": "wrong"}', **OWN).status for _ in range(6)]
        tries += [ask(f"{there}/", Authorization="Bearer wrong").status for _ in range(5)]
        assert tries == [403] * 6 + [401] * 4 + [429]
        answer = ask(f"{there}/api/v1/login", "POST", json.dumps({"token": TOKEN}).encode(), **OWN)
        assert answer.status == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_every_answer_keeps_a_browser_safe(guarded: tuple[str, list[str]]) -> None:
    there, found = guarded
    for path in [*found, "/nowhere"]:
        if path.endswith("/events"):
            continue  # it has no end; its headers come from the same place
        for headers in ({"Authorization": f"Bearer {TOKEN}"}, {}, {"Host": "evil.example"}):
            answer = ask(there + path, **headers)
            policy = answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe-eval" not in policy
            assert "script-src 'unsafe-inline'" not in policy or "sandbox allow-scripts" in policy, path
            if not path.startswith("/static/"):
                assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a\nb\r\nSet-Cookie: x=1", "\x07\x1b[31m", "n" * 250, "é/ü?#%2f"]
)
def test_names_are_text(name: str, tmp_path: Path) -> None:
    spec = small_spec()
    with Store.open("sqlite://") as store, served(application(store)) as there:
        store.create_study(name, spec.to_dict(), spec.hash, "memory://names", {})
        assert json.loads(ask(f"{there}/api/v1/studies").text)["studies"][0]["name"] == name
        for path in ("/", f"/study/{quote(name)}", f"/report/{quote(name)}"):
            answer = ask(there + path)
            assert answer.status == 200, answer.text[:500]
            assert "<script>alert" not in answer.text
            assert "Set-Cookie" not in answer.headers


def test_a_traceback_is_text_of_any_length(tmp_path: Path) -> None:
    error = "<b id=x>\x00\x1b[31m\r\n" + "x" * 10_000
    with Laboratory(small_spec()) as lab, served(application(lab.store)) as there:
        sweep = lab.sweep()
        lab.work(sweep, most=1)
        pending = next(trial for trial in lab.store.trials(lab.run.id) if trial.state == "pending")
        lab.store.fail_trial(pending.id, error)
        whole = json.loads(ask(f"{there}/api/v1/studies/1/trials/{pending.id}").text)
        assert whole["error"].endswith("x" * 10_000)
        assert "<b id=x>" in whole["error"]
        [listed] = json.loads(ask(f"{there}/api/v1/studies/1/trials?state=failed").text)["trials"]
        assert len(listed["error"]) <= 1000
        assert "<b id" not in ask(f"{there}/study/s").text


def test_bodies_are_bounded(guarded: tuple[str, list[str]]) -> None:
    there, found = guarded
    for path in found:
        with closing(HTTPConnection(there.partition("://")[2], timeout=20)) as connection:
            connection.putrequest("POST", path)
            for name, value in {"Authorization": f"Bearer {TOKEN}", "X-Scyc-Request": "1"}.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(2**20 + 1))
            connection.endheaders()
            assert connection.getresponse().status == 413, path


def test_a_body_that_does_not_say_its_length_is_bounded_too(guarded: tuple[str, list[str]]) -> None:
    there, _ = guarded
    with closing(HTTPConnection(there.partition("://")[2], timeout=20)) as connection:
        connection.putrequest("POST", "/api/v1/login")
        connection.putheader("X-Scyc-Request", "1")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        piece = b"x" * 2**16
        with suppress(OSError):  # it hangs up once that is too much
            for _ in range(20):
                connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        assert connection.getresponse().status == 413


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.web.limits.BODY_SECONDS", 0.1)
    with (
        Store.open("sqlite://") as store,
        served(application(store)) as there,
        closing(HTTPConnection(there.partition("://")[2], timeout=20)) as connection,
    ):
        connection.putrequest("POST", "/api/v1/login")
        connection.putheader("X-Scyc-Request", "1")
        connection.putheader("Content-Length", "10")
        connection.endheaders(b"12345")
        assert connection.getresponse().status == 408
