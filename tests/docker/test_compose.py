"""The compose file against Compose's own schema, and what it promises."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

from tests.docker.files import DOCKER, compose, instructions

if TYPE_CHECKING:
    from tests.studies.server import Server

SCHEMA = json.loads((Path(__file__).parent / "compose-spec" / "compose-spec.json").read_text())
SERVICES: dict[str, Any] = compose()["services"]


def faults(document: dict[str, Any]) -> list[str]:
    return [f"{list(error.path)}: {error.message}" for error in Draft7Validator(SCHEMA).iter_errors(document)]


def test_the_schema_is_kept() -> None:
    assert faults(compose()) == []
    assert faults(compose(WORKERS="8", BIND="0.0.0.0", SHARED_MEMORY="8gb")) == []


def test_the_schema_notices_a_slip() -> None:
    document = compose()
    document["services"]["sweep"]["depend_on"] = {}
    assert "depend_on" in faults(document)[0]


def test_every_reference_leads_somewhere() -> None:
    document = compose()
    stages = {found.stage for found in instructions()}
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        assert set(service.get("secrets", [])) <= set(document["secrets"])
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in document["volumes"] or source.startswith(".")
        if "build" in service:
            build = service["build"]
            assert (DOCKER / build["context"] / build["dockerfile"]).exists()
            assert service["image"] == f"scyc:{build['target']}"
            assert build["target"] in stages
        waited_for = service.get("depends_on", {}).items()
        for other, how in waited_for:  # a service that is waited for has a check, of its own or its image's
            if how["condition"] == "service_healthy":
                assert "test" in SERVICES[other].get("healthcheck", {}) or "build" in SERVICES[other], name


def test_the_database_is_of_the_version_that_the_tests_run(server: Server) -> None:
    version = server.execute("SHOW server_version")[0][0].partition(".")[0]
    assert re.fullmatch(rf"postgres:{version}\.\d+-\w+", SERVICES["postgres"]["image"])
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]  # the whole of it, from 18 on


def test_ports_are_open_to_this_machine_alone_unless_told_otherwise() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    opened = [port for service in compose(BIND="0.0.0.0")["services"].values() for port in service.get("ports", [])]
    assert all(port.startswith("0.0.0.0:") for port in opened)


def test_secrets_reach_those_who_need_them_and_no_environment() -> None:
    holders = {
        secret: {name for name, service in SERVICES.items() if secret in service.get("secrets", [])}
        for secret in compose()["secrets"]
    }
    assert holders["postgres_password"] == {"postgres", "web", "mirror", "dashboard", "sweep", "scyc"}
    assert holders["ray_token"] == {"ray-head", "ray-worker", "ray-worker-gpu", "sweep"}
    assert holders["web_token"] == {"web"}
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN", key):
                assert value.startswith("/run/secrets/")
        assert not re.search(r":[^/@]+@", json.dumps(service.get("environment", {})))
        if "ray_token" in service.get("secrets", []):
            assert service["environment"]["RAY_AUTH_MODE"] == "token"


def test_weights_go_through_one_volume() -> None:
    trains = [service for service in SERVICES.values() if "RAY_AUTH_MODE" in service.get("environment", {})]
    assert len(trains) == 4
    assert all("artifacts:/artifacts" in service["volumes"] for service in trains)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"postgres"}))
def test_our_containers_are_confined(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


def test_gpus_are_reserved_for_the_workers_that_use_them() -> None:
    (device,) = SERVICES["ray-worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
