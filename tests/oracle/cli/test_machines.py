"""What the commands say of a study that continues on another kind of machine."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import oracle.execution.network_worker
from oracle.execution import machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from studies import MachineRecord
    from tests.oracle.cli.conftest import Ended


@pytest.mark.usefixtures("swept")
def test_a_study_that_continues_on_another_kind_of_machine(
    scyc: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "machine" not in scyc("show", "demo").out
    honest = machine.this_machine

    def other(*arguments: Any) -> MachineRecord:
        return replace(honest(*arguments), capability="ANOTHER")

    for module in (machine, oracle.execution.network_worker):
        monkeypatch.setattr(module, "this_machine", other)
    ended = scyc("extend", "demo", "--levels", "4", "--executor", "inline")
    assert ended.code == 0
    assert ended.err.count("continues on another kind of machine than its trials so far") == 1
    assert "kind of machine" not in ended.out
    assert "Trained on 2 kinds of machine: " in scyc("show", "demo").out
    kinds = json.loads(scyc("show", "demo", "--json").out)["machines"]["kinds"]
    assert sorted((kind["capability"] == "ANOTHER", kind["trials"]) for kind in kinds) == [(False, 18), (True, 6)]
    assert "another kind" not in scyc("extend", "demo", "--levels", "5", "--executor", "inline").err
