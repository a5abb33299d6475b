"""Studies are launched, paused, resumed, extended, cancelled and deleted over HTTP; the drivers are processes."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from oracle.api.launching import Launcher
from oracle.web import application
from oracle.web.limits import CHANGES
from studies import Store
from tests.oracle.api.drivers import ForkingLauncher
from tests.oracle.simulation import small_spec
from tests.oracle.web.serving import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SPEC = small_spec(engine="eager").to_dict()


class Client:
    """Asks the API of a service."""

    def __init__(self, there: str, launcher: Launcher) -> None:
        self.there, self.launcher = f"{there}/api/v1", launcher

    def ask(self, method: str, path: str, body: object = None, header: str | None = "1") -> tuple[int, Any]:
        """Status, and the answer's values."""
        headers = {"Content-Type": "application/json"} | ({"X-Scyc-Request": header} if header else {})
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(self.there + path, data, headers, method=method), timeout=30) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def wait(self, path: str, until: Callable[[Any], bool]) -> Any:
        """Ask until the answer is as it should be."""
        given_up = time.monotonic() + 30
        while not until(answer := self.ask("GET", path)[1]):
            assert time.monotonic() < given_up, answer
            time.sleep(0.02)
        return answer

    def done(self, study: int = 1) -> int:
        """How many trials are recorded."""
        found: int = self.ask("GET", f"/studies/{study}")[1]["trials"]["done"]
        return found


@contextmanager
def service(launcher: Launcher | None, db: str) -> Iterator[Client]:
    with Store.open(db):
        pass
    with Store.open(db, read_only=True) as store, served(application(store, db, launcher=launcher)) as there:
        yield Client(there, launcher)  # type: ignore[arg-type]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    launcher = ForkingLauncher(tmp_path)
    with service(launcher, launcher.db) as client:
        yield client
    for name in list(launcher.processes):
        launcher.kill(name)


def test_a_sweep_from_its_launch_to_its_deletion(client: Client) -> None:
    assert client.ask("GET", "/session")[1]["writes"] is True
    status, launch = client.ask("POST", "/launches", {"name": "a b", "spec": SPEC, "workers": 1})
    assert (status, launch["study"], launch["action"]) == (202, "a b", "sweep")
    client.wait("/studies", lambda found: any(study["trials"]["done"] > 2 for study in found["studies"]))

    status, answer = client.ask("POST", "/studies/1/pause")
    assert status == 200
    assert answer["state"] in ("pausing", "waiting")
    client.wait(f"/launches/{launch['id']}", lambda found: found["state"] == "stopped")
    done = client.done()
    assert 2 < done < 18
    assert client.ask("POST", "/studies/1/extend", {"seeds": [5]})[0] == 202
    client.wait("/studies/1", lambda found: found["state"] == "finished")
    assert client.done() == 27 > done

    assert client.ask("POST", "/studies/1/resume")[0] == 202
    newest = client.wait("/launches", lambda found: found["launches"][0]["state"] == "ended")
    assert [one["action"] for one in newest["launches"]] == ["resume", "extend", "sweep"]
    assert client.ask("DELETE", "/studies/1") == (204, None)
    assert client.ask("GET", "/studies")[1]["studies"] == []
    assert client.ask("GET", "/launches")[1]["launches"] == []


def test_after_a_cancellation_nothing_is_recorded(client: Client) -> None:
    client.ask("POST", "/launches", {"name": "a", "spec": SPEC})
    client.wait("/studies", lambda found: any(study["trials"]["done"] for study in found["studies"]))
    assert client.ask("DELETE", "/studies/1")[0] == 409
    assert client.ask("POST", "/studies/1/resume")[0] == 409
    assert client.ask("POST", "/studies/1/cancel")[0] == 200
    done = client.done()
    time.sleep(0.2)
    assert client.done() == done
    assert client.ask("POST", "/studies/1/cancel")[0] == 200  # nobody is there any more


def test_a_launch_whose_driver_never_started_is_not_forgotten(client: Client) -> None:
    launcher = client.launcher
    assert isinstance(launcher, ForkingLauncher)
    launcher.loses[0] = True
    _, launch = client.ask("POST", "/launches", {"name": "a", "spec": SPEC})
    assert (launch["state"], launch["study_id"]) == ("accepted", None)
    assert client.ask("POST", "/launches", {"name": "a", "spec": SPEC})[0] == 409
    launcher.loses[0] = False
    assert client.ask("POST", f"/launches/{launch['id']}/resume")[0] == 202
    ended = client.wait(f"/launches/{launch['id']}", lambda found: found["state"] == "ended")
    assert ended["study_id"] == 1
    assert client.ask("POST", f"/launches/{launch['id']}/resume")[0] == 409


def test_a_launch_can_be_withdrawn_before_its_driver_begins(client: Client) -> None:
    launcher = client.launcher
    assert isinstance(launcher, ForkingLauncher)
    launcher.loses[0] = True
    _, launch = client.ask("POST", "/launches", {"name": "a", "spec": SPEC})
    assert client.ask("DELETE", f"/launches/{launch['id']}")[1]["state"] == "withdrawn"
    assert client.ask("DELETE", f"/launches/{launch['id']}")[1]["state"] == "withdrawn"


def test_a_driver_that_was_killed_is_said_to_be_lost_and_its_study_resumes(client: Client) -> None:
    launcher = client.launcher
    assert isinstance(launcher, ForkingLauncher)
    _, launch = client.ask("POST", "/launches", {"name": "a", "spec": SPEC})
    client.wait("/studies", lambda found: any(study["trials"]["done"] for study in found["studies"]))
    launcher.kill("a")
    assert client.ask("GET", f"/launches/{launch['id']}")[1]["state"] == "lost"
    assert client.ask("POST", "/studies/1/resume")[0] == 202
    client.wait("/studies/1", lambda found: found["state"] == "finished")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": "a/b", "spec": {}}, "without slashes"),
        ({"name": "a", "spec": {"levels": 0}}, "levels"),
        ({"name": "a", "spec": "levels = "}, "not TOML"),
        ({"name": "a", "spec": 'workload = "os:getcwd"'}, "imports 'os:getcwd'"),
        ({"name": "a", "spec": {"trial": {"command": "rm -rf /"}}}, "runs the command"),
        ({"name": "a", "spec": {"workload": "npz:/etc/x.npz/mlp-300-100"}}, "reads '/etc/x.npz'"),
        ({"name": "a", "spec": {}, "workers": 0}, "workers"),
        ({"name": "a", "spec": {}, "executor": "inline"}, "executor"),
        ({"name": "a"}, "spec"),
        ({"name": "a", "spec": "x" * 200_000}, "spec"),
    ],
)
def test_what_makes_no_sense_or_is_not_allowed_is_refused_before_anything_starts(
    client: Client, body: object, said: str
) -> None:
    status, answer = client.ask("POST", "/launches", body)
    assert status == 422
    assert said in answer["error"]
    assert client.ask("GET", "/launches")[1]["launches"] == []


def test_what_the_operator_allows_is_accepted(tmp_path: Path) -> None:
    class Careful(Launcher):
        def _start(self, *_: object) -> None:
            pass

    launcher = Careful(f"sqlite:///{tmp_path}/scyc.db", allowed=["my_package:train", "python train.py"])
    with service(launcher, launcher.db) as client:
        own = {"workload": "my_package:train", "engine": "own"}
        for name, spec in (("a", own), ("b", {"trial": {"command": "python train.py"}})):
            assert client.ask("POST", "/launches", {"name": name, "spec": spec})[0] == 202
        refused = {"trial": {"command": "python train.py; reboot"}}
        assert client.ask("POST", "/launches", {"name": "c", "spec": refused})[0] == 422


WRITES = [
    ("POST", "/launches"),
    ("POST", f"/launches/{'0' * 32}/resume"),
    ("DELETE", f"/launches/{'0' * 32}"),
    ("POST", "/studies/1/pause"),
    ("POST", "/studies/1/cancel"),
    ("POST", "/studies/1/resume"),
    ("POST", "/studies/1/extend"),
    ("DELETE", "/studies/1"),
]


def test_a_service_for_reading_changes_nothing(tmp_path: Path) -> None:
    with service(None, f"sqlite:///{tmp_path}/scyc.db") as client:
        assert client.ask("GET", "/session")[1]["writes"] is False
        for method, path in WRITES:
            status, answer = client.ask(method, path, {"name": "a", "spec": {}})
            assert status == 403, path
            assert "--allow-writes" in answer["error"]


def test_what_is_not_there(client: Client) -> None:
    for method, path in WRITES[1:]:
        assert client.ask(method, path, {"levels": 4} if path.endswith("extend") else None)[0] == 404, path


def test_changes_are_not_made_too_often(client: Client) -> None:
    statuses = [client.ask("DELETE", "/studies/1")[0] for _ in range(CHANGES + 1)]
    assert statuses == [404] * CHANGES + [429]
