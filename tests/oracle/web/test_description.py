"""The HTTP API against its own description: whatever that allows is asked, and every answer is one that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from oracle.web import application
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The description, with the program behind it: a service on a database with a finished study and one that is not."""
    path = tmp_path_factory.mktemp("described")
    with Laboratory(small_spec(), url=f"sqlite:///{path}/scyc.db", fails=[(2, 7, 0.4)]) as lab:
        lab.finish()
        spec = small_spec(seeds=[1])
        lab.store.create_study("new", spec.to_dict(), spec.hash, "memory://new", {})
        lab.store.create_study("broken", spec.to_dict() | {"invented": 1}, "x", "memory://broken", {})
        yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", application(lab.store, hosts=["testserver"]))


schema = schemathesis.pytest.from_fixture("api").exclude(path_regex="/events$")


@schema.parametrize()
@settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_answer_contradicts_the_description(case: Case) -> None:
    case.headers["X-Scyc-Request"] = "1"
    if "number" in case.path_parameters and case.operation.path.startswith("/api/v1/studies"):
        number = case.path_parameters["number"]
        case.path_parameters["number"] = number % 4 + 1 if isinstance(number, int) else number  # those that there are
    case.call_and_validate(checks=CHECKS)
