"""A study that is trained on two kinds of machines says so wherever it is shown."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import oracle.execution.network_worker
from oracle.execution import machine
from oracle.results.plain import to_json

if TYPE_CHECKING:
    from oracle import Study
    from studies import MachineRecord


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, this is another kind of machine."""
    honest = machine.this_machine

    def other(*arguments: Any) -> MachineRecord:
        return replace(honest(*arguments), capability="ANOTHER")

    for module in (machine, oracle.execution.network_worker):
        monkeypatch.setattr(module, "this_machine", other)


def test_a_study_knows_its_machine(swept: Study) -> None:
    [kind] = swept.status.machines.kinds
    assert set(swept.trials()["machine"]) == {kind.machines[0].hash}
    assert kind.trials == len(swept.trials()) == 18
    shown = json.loads(json.dumps(to_json(swept.view())))["machines"]
    assert [(one["trials"], one["threads"]) for one in shown["kinds"]] == [(18, 1)]
    assert "Trained on one kind of machine: " in swept.report_html()


@pytest.mark.usefixtures("elsewhere")
def test_it_continues_elsewhere_with_a_warning(study: Study) -> None:
    with pytest.warns(UserWarning, match="the processor's capability is ANOTHER and was") as heard:
        study.extend(levels=4, executor="inline", mirror=False)
    assert len(heard) == 1
    assert [kind.trials for kind in study.status.machines.kinds] == [18, 6]
    assert "Trained on 2 kinds of machine: " in study.report_html()


def test_it_continues_here_without_one(study: Study) -> None:
    study.extend(levels=4, executor="inline", mirror=False)
    assert [kind.trials for kind in study.status.machines.kinds] == [24]
