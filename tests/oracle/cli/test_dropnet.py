"""`scyc dropnet`, end to end on the digits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.oracle.cli.conftest import Ended

TINY = ("dropnet", "--workload", "digits/mlp-300-100", "--epochs", "1", "--cycles", "3")


def test_a_table_of_cycles(scyc: Callable[..., Ended]) -> None:
    ended = scyc(*TINY, "--rate", "0.5")
    assert ended.code == 0, ended.err
    assert ended.err.startswith("Data: 1,150 training, 288 validation and 359 test examples of shape (64,)")
    heading, *rows, ending = ended.out.splitlines()
    assert heading.split() == ["seed", "cycle", "kept", "val", "test", "epochs", "units"]
    assert [row.split()[:3] for row in rows] == [["0", "0", "100.0%"], ["0", "1", "50.0%"], ["0", "2", "25.0%"]]
    assert rows[0].split()[-1] == "300-100"
    assert float(rows[0].split()[4].rstrip("%")) > 50
    assert ending == "Ended after cycle 2: it has reached the largest number of cycles."


def test_json_of_the_oracle(scyc: Callable[..., Ended]) -> None:
    ended = scyc(*TINY, "--oracle", "--seed", "1", "--seed", "2", "--json")
    assert ended.code == 0, ended.err
    values = json.loads(ended.out)
    assert values["settings"]["criterion"] == "oracle"
    assert [run["seed"] for run in values["runs"]] == [1, 2]
    for run in values["runs"]:
        assert run["end"] == "cycles"
        assert [sum(cycle["units"].values()) for cycle in run["cycles"]] == [400, 399, 398]
        assert all(0.5 < cycle["test_accuracy"] <= 1 for cycle in run["cycles"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--workload", "cifar10/resnet-20"), "residual connections"),
        (("--workload", "nothing"), "There is no workload"),
        (("--oracle", "--criterion", "minimum"), "leave out --criterion"),
        (("--at-a-time", "1", "--rate", "0.5"), "give one of them"),
        (("--kappa", "1.5"), "kappa"),
        (("--seed", "-1"), "seed"),
    ],
)
def test_refusals_are_one_sentence(scyc: Callable[..., Ended], arguments: tuple[str, ...], words: str) -> None:
    ended = scyc("dropnet", *arguments)
    assert ended.code == 2
    assert words in ended.err
    assert ended.err.strip().endswith(".")
    assert "\n" not in ended.err.strip()
