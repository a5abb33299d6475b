"""How fast the engines are, and which one is chosen."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from scyc import bench
from scyc.bench import BARE, Speed, choose, compare, fitting, measure, possible, room
from scyc.engines import ENGINES
from scyc.protocol import Protocol
from scyc.training.recipe import Recipe
from scyc.workloads import load_workload

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return Protocol(load_workload("digits/mlp-300-100"), Recipe(epochs=2, batch_size=32))


def test_engines_that_would_do_come_in_order(protocol: Protocol) -> None:
    images = Protocol(load_workload("cifar10/resnet-8"))
    assert possible(protocol, CPU) == ["eager"]
    assert possible(images, CPU) == ["eager", "channels-last"]
    assert possible(images, GPU) == ["eager", "channels-last", "graphs", "stacked"]


def test_they_are_timed_beside_the_bare_loop(protocol: Protocol) -> None:
    data = protocol.workload.load_data()
    bare, eager = compare([BARE, "eager"], protocol, data, seconds=0.1)
    assert (bare.engine, eager.engine, bare.members, eager.members) == (BARE, "eager", 1, 1)
    assert eager.samples > bare.samples / 2  # in truth it is faster; the machine may be busy
    assert eager.memory is None


def test_an_engine_that_fails_on_the_workload_is_left_out(
    protocol: Protocol, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("operation not permitted when stream is capturing")

    data = protocol.workload.load_data()
    monkeypatch.setattr(ENGINES["stacked"], "bind", fail)
    assert [speed.engine for speed in compare(["eager", "stacked"], protocol, data, seconds=0.1)] == ["eager"]
    assert "The engine stacked does not train this workload here" in caplog.text
    monkeypatch.setattr(ENGINES["eager"], "bind", fail)
    with pytest.raises(RuntimeError, match="capturing"):
        compare(["eager", "stacked"], protocol, data, seconds=0.1)


def test_members_count_together(protocol: Protocol) -> None:
    data = protocol.workload.load_data()
    assert measure("stacked", protocol, data, members=3, seconds=0.05).members == 3


@pytest.mark.parametrize(("gain", "expected"), [(1.01, "eager"), (1.5, "channels-last")])
def test_the_reference_is_left_for_a_clear_gain_alone(
    gain: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def timed(names: list[str], *_: Any) -> list[Speed]:
        return [Speed(name, 1, 100 * (gain if name == "channels-last" else 1), None) for name in names]

    monkeypatch.setattr(bench, "compare", timed)
    protocol = Protocol(load_workload("digits/mlp-300-100"))
    data = protocol.workload.load_data()
    images = Protocol(load_workload("cifar10/resnet-8"))
    assert choose(possible(protocol, CPU), protocol, data) == "eager"
    assert choose(possible(images, CPU), images, data) == expected


@pytest.mark.parametrize(
    ("one", "two", "free", "expected"),
    [
        (100, 150, 1000, 17),  # 100 + 16 x 50 fill 90 %
        (100, 150, 100, 1),
        (100, 150, 10, 1),
        (100, 150, 10**9, 64),
        (100, 100, 1000, 64),
        (100, 90, 1000, 64),
    ],
)
def test_a_group_fills_the_free_memory(one: int, two: int, free: int, expected: int) -> None:
    assert room(one, two, free, 64) == expected


def test_one_at_a_time_needs_no_measuring(protocol: Protocol) -> None:
    assert fitting(ENGINES["eager"], protocol, protocol.workload.load_data()) == 1


def test_the_memory_of_a_group_is_that_of_its_steps_and_of_an_evaluation_after_them(
    protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a recorded step has used cannot be used by an evaluation."""
    reserved = iter([10, 510])
    monkeypatch.setattr("torch.cuda.reset_peak_memory_stats", lambda _: None)
    monkeypatch.setattr("torch.cuda.memory_reserved", lambda _: next(reserved))
    evaluated: list[int] = []
    monkeypatch.setattr("torch.cuda.max_memory_reserved", lambda _: next(reserved) if evaluated else 0)
    monkeypatch.setattr(bench, "answers_on", lambda _, split: evaluated.append(len(split)))
    assert bench._peak(ENGINES["stacked"], protocol, protocol.workload.load_data(), members=2) == 500
    assert evaluated == [288]
