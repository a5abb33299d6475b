"""The HTTP API against its own description: whatever that allows is asked, and every answer is one that it names."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import CHECKS

from oracle.api.launching import Launcher
from oracle.web import application
from studies import Store
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemathesis import Case

EXAMPLES = 12


class Careful(Launcher):
    """Accepts launches, and starts no driver."""

    def _start(self, *_: object) -> None:
        pass


NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@contextmanager
def described(folder: Path) -> Iterator[Any]:
    """The description, with the program behind it: a finished study, a new one, and one that cannot be read."""
    with Laboratory(small_spec(), url=f"sqlite:///{folder}/scyc.db", fails=[(2, 7, 0.4)]) as lab:
        lab.finish()
        spec = small_spec(seeds=[1])
        lab.store.create_study("new", spec.to_dict(), spec.hash, "memory://new", {})
        lab.store.create_study("broken", spec.to_dict() | {"invented": 1}, "x", "memory://broken", {})
        service = application(lab.store, lab.store.url, launcher=Careful(lab.store.url), hosts=["testserver"])
        yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", service, headers={"Host": "localhost"})


def test_no_answer_contradicts_the_description(tmp_path: Path) -> None:
    with described(tmp_path) as schema, Store.open(f"sqlite:///{tmp_path}/scyc.db") as store:
        operations = [found.ok() for found in schema.get_all_operations()]
        asked = [operation for operation in operations if not operation.path.endswith("/events")]  # these have no end
        assert len(asked) > 20
        for operation in asked:
            ask(operation, store)


def ask(operation: Any, store: Store) -> None:
    """Ask one operation whatever its description allows."""
    checks: list[Any] = [CHECKS.get_one(name) for name in NAMES]

    @seed(0)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def answered(case: Case[Any]) -> None:
        case.headers["X-Scyc-Request"] = "1"
        if case.path.startswith("/api/v1/launches/"):
            case.path_parameters["number"] = store.add_launch(f"fuzzed {uuid4()}", "sweep", {}).id
        number = case.path_parameters.get("number")
        if isinstance(number, int):
            case.path_parameters["number"] = number % 4 + 1  # one of those that there are, or the next
        trial = case.path_parameters.get("trial")
        if isinstance(trial, int):
            case.path_parameters["trial"] = trial % 20 + 1
        case.call_and_validate(checks=checks)

    answered()
