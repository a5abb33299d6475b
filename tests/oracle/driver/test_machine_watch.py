"""A study that continues on another kind of machine says so, once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from oracle.driver.machine_watch import MachineWatch
from oracle.execution.messages import Failure, Outcome, TrialRequest
from oracle.study.machines import Machines
from oracle.testing.records import MACHINE, RESULT

if TYPE_CHECKING:
    from studies import MachineRecord

OLDER = replace(MACHINE, capability="DEFAULT")


def hear(watch: MachineWatch, *machines: MachineRecord | None) -> None:
    for machine in machines:
        watch.trial_ended(TrialRequest(1, 0, 0, 0.1, None, None), Outcome(RESULT, (), machine))


@pytest.fixture
def said() -> list[str]:
    return []


def test_the_same_kind_is_no_news(said: list[str]) -> None:
    hear(MachineWatch("s", Machines.sorted_out({MACHINE: 5}), said.append), MACHINE, replace(MACHINE, processor="x"))
    assert said == []


def test_another_kind_is_named_once_with_what_differs(said: list[str]) -> None:
    watch = MachineWatch("s", Machines.sorted_out({MACHINE: 5}), said.append)
    hear(watch, OLDER, MACHINE, OLDER)
    assert said == [
        "The study 's' continues on another kind of machine than its trials so far: the processor's capability is "
        "DEFAULT and was AVX2. Numbers of one kind cannot be repeated to the bit on the other."
    ]


def test_it_is_compared_with_the_most_similar_machine(said: list[str]) -> None:
    far = replace(MACHINE, capability="AVX512", vendor="GenuineIntel", threads=9)
    hear(MachineWatch("s", Machines.sorted_out({far: 9, MACHINE: 1}), said.append), OLDER)
    assert "DEFAULT and was AVX2. " in said[0]


def test_unknown_machines_and_failures_say_nothing(said: list[str]) -> None:
    watch = MachineWatch("s", Machines.sorted_out({}, unknown=5), said.append)
    hear(watch, None, MACHINE, None)
    watch.trial_ended(TrialRequest(1, 0, 0, 0.1, None, None), Failure("no luck"))
    assert said == []
    hear(watch, OLDER)
    assert len(said) == 1
