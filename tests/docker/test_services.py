"""The whole compose file on this machine: each service's command line as a plain process, and a sweep through them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.docker.files import instructions
from tests.docker.services import Services, listens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.studies.server import Server

pytestmark = pytest.mark.ray

PASSWORD, TOKEN, WEB_TOKEN = r"a:pass\word with $igns", "0123456789abcdef" * 4, "fedcba9876543210" * 4
SMALL = ["levels=2", "epochs=1", "seeds=[0]", "search.widen=0", "search.max_lr.values=[0.05, 0.2]"]
SMALL = [f"--set={setting}" for setting in SMALL]


@pytest.fixture
def database(server: Server) -> Iterator[Server]:
    """What the image of PostgreSQL sets up: a user with a password, and a database of the same name."""
    server.execute(f"CREATE ROLE scyc LOGIN PASSWORD '{PASSWORD}'")
    server.execute("CREATE DATABASE scyc OWNER scyc")
    rules = Path(server.execute("SHOW hba_file")[0][0])
    former = rules.read_text()
    rules.write_text(f"local all scyc scram-sha-256\n{former}")
    server.execute("SELECT pg_reload_conf()")
    yield server
    rules.write_text(former)
    server.drop(server.url("scyc"))
    server.execute("DROP ROLE scyc")


@pytest.fixture
def services(database: Server, tmp_path: Path) -> Iterator[Services]:
    secrets = {"postgres_password": PASSWORD, "ray_token": TOKEN, "web_token": WEB_TOKEN}
    services = Services(tmp_path, database, secrets, WORKER_CPUS="1", TRIALS="2", STUDY="small")
    yield services
    services.end()


def image_check() -> list[str]:
    (found,) = (found.text for found in instructions() if found.word == "HEALTHCHECK")
    check: list[str] = json.loads(found[found.index("[") :])
    return check


def own_check(services: Services, name: str) -> list[str]:
    check: list[str] = services.services[name]["healthcheck"]["test"][1:]
    return check


def test_every_service_does_its_part_in_a_sweep(services: Services) -> None:
    assert services.healthy("postgres", own_check(services, "postgres"))
    assert services.start("mirror").wait(120) == 0, services.said("mirror")
    services.up("dashboard", lambda: listens(services.dashboard))
    services.up("web", lambda: listens(services.web))
    for name in ("ray-head", "ray-worker", "ray-worker-gpu"):  # the last one's container finds no GPU here
        services.up_ray(name)
    assert services.healthy("ray-head", image_check())
    assert not services.healthy("ray-head", image_check(), RAY_AUTH_TOKEN=TOKEN[::-1])

    sweep, exposed = services.start("sweep", *SMALL), []
    while sweep.poll() is None:
        exposed += services.exposed(PASSWORD) + services.exposed(TOKEN) + services.exposed(WEB_TOKEN)
        time.sleep(0.2)
    assert sweep.returncode == 0, services.said("sweep")
    assert "Every level is decided" in services.said("sweep")
    assert exposed == []
    assert len(services.named("raylet")) == 4  # the head's, two workers', and the driver's own

    shown = json.loads(services.run("scyc", "show", "small", "--json"))
    assert [level["winner"] in (0.05, 0.2) for level in shown["levels"]] == [True, True]
    assert list((services.folder / "artifacts" / "small").iterdir())
    page = services.folder / "small.html"
    services.run("scyc", "report", "small", "--out", str(page))
    assert "small" in page.read_text()
    assert services.start("scyc").wait(120) == 0
    assert "small" in services.said("scyc")

    assert services.healthy("web", own_check(services, "web"))
    with pytest.raises(HTTPError, match="401") as refused:
        urlopen(f"http://{services.web}/api/v1/studies", timeout=10)
    refused.value.close()
    asked = Request(f"http://{services.web}/api/v1/studies", headers={"Authorization": f"Bearer {WEB_TOKEN}"})
    with urlopen(asked, timeout=10) as answer:
        assert [(study["name"], study["state"]) for study in json.load(answer)["studies"]] == [("small", "finished")]
    assert WEB_TOKEN not in services.said("web")

    assert services.healthy("dashboard", own_check(services, "dashboard"))
    with urlopen(f"http://{services.dashboard}/api/studies", timeout=10) as answer:
        mirrored = sorted(study["study_name"] for study in json.load(answer)["study_summaries"])
    assert mirrored == ["small/level-00", "small/level-01"]

    (services.folder / "secrets" / "postgres_password").write_text("wrong\n")
    assert "password authentication failed" in services.run("scyc", "show", "small", code=2)

    assert {"postgres", *services.started} == set(services.services)
    stay = ("ray-head", "ray-worker", "ray-worker-gpu", "web", "dashboard")
    assert {services.started[name].poll() for name in stay} == {None}
    services.end()
    assert services.ours() == []
