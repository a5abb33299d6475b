"""Which machines are of one kind, and what is said of them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from oracle.study.machines import ASPECTS, Machines, differences, kind_of
from oracle.testing.records import MACHINE
from studies import MachineRecord

CPU = MachineRecord("cpu", "AVX512", "GenuineIntel", "6", "143", "Xeon 8480+", 1, "2.9.0+cpu", "0fabc3ba 3c59dc")


def test_all_that_is_recorded_makes_a_kind_but_the_processors_name() -> None:
    counted = [name for names in ASPECTS.values() for name in names]
    assert sorted([*counted, "processor"]) == sorted(field.name for field in fields(MachineRecord))
    assert kind_of(replace(CPU, processor="Xeon 8490H")) == kind_of(CPU)
    assert not differences(replace(CPU, processor="Xeon 8490H"), CPU)


@pytest.mark.parametrize("name", [name for names in ASPECTS.values() for name in names])
def test_a_difference_is_named(name: str) -> None:
    change: dict[str, Any] = {name: 2 if name == "threads" else "another"}
    other = replace(CPU, **change)
    assert kind_of(other) != kind_of(CPU)
    [difference] = differences(other, CPU)
    assert difference.startswith(f"the {next(aspect for aspect, names in ASPECTS.items() if name in names)} is ")


def test_what_a_difference_says() -> None:
    assert differences(replace(CPU, capability="AVX2", threads=4), CPU) == [
        "the processor's capability is AVX2 and was AVX512",
        "the number of threads is 4 and was 1",
    ]


class TestMachines:
    def test_nothing_is_said_where_nothing_is_known(self) -> None:
        assert Machines.sorted_out({}, unknown=7).sentence == ""
        assert Machines.sorted_out({}, unknown=7).notes == []

    def test_one_kind_is_no_note(self) -> None:
        found = Machines.sorted_out({CPU: 2, replace(CPU, processor="Xeon 8490H"): 3}, unknown=1)
        assert found.sentence == (
            "Trained on one kind of machine: Xeon 8490H (GenuineIntel family 6 model 143), capability AVX512, 1 "
            "thread, torch 2.9.0+cpu (5 trials); 1 trial without a record of their machine."
        )
        assert found.notes == []
        [kind] = found.to_json()["kinds"]
        assert (kind["trials"], kind["processor"], len(kind["hashes"])) == (5, "Xeon 8490H", 2)

    def test_two_kinds_are_a_note(self) -> None:
        [note] = Machines.sorted_out({CPU: 2, MACHINE: 3}).notes
        assert note.startswith(
            "Trained on 2 kinds of machine: NVIDIA A100-SXM4-80GB, driver 580.65.06, on AMD EPYC 7763"
        )
        assert note.endswith("(2 trials). Numbers of one kind cannot be repeated to the bit on the other.")
