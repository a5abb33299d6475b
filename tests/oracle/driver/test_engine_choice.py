"""The engine of a study: chosen once, recorded, kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from oracle.driver import engine_choice
from oracle.driver.engine_choice import with_engine
from oracle.spec.files import load_spec, parse_spec
from oracle.spec.model import Spec
from oracle.study.opening import open_study, study_spec
from scyc import InputError
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "scyc" / "engines.json"


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://") as store:
        yield store


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The workloads that engines were timed on; channels-last is always the fastest."""
    timed: list[str] = []

    def measure(spec: Spec, *_: object) -> str:
        timed.append(spec.workload)
        engine_choice._remember(
            engine_choice._key(spec, torch.device("cpu"), ["eager", "channels-last"]), "channels-last"
        )
        return "channels-last"

    monkeypatch.setattr(engine_choice, "_timed", measure)
    return timed


def test_where_one_alone_will_do_nothing_is_timed(measured: list[str]) -> None:
    assert with_engine(Spec()).engine == "eager"
    assert measured == []


def test_what_was_asked_for_is_left(measured: list[str]) -> None:
    assert with_engine(parse_spec({"engine": "graphs"}, "test")).engine == "graphs"
    assert measured == []


def test_engines_are_timed_once_per_workload_and_machine(measured: list[str]) -> None:
    for _ in range(2):
        assert with_engine(load_spec(None, ["workload=cifar10/resnet-8"])).engine == "channels-last"
    assert measured == ["cifar10/resnet-8"]
    with_engine(load_spec(None, ["workload=cifar10/resnet-8", "batch_size=16"]))
    assert len(measured) == 2


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": "b"}'])
def test_a_cache_that_makes_no_sense_is_no_harm(content: str, cache: Path, measured: list[str]) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text(content)
    assert with_engine(load_spec(None, ["workload=cifar10/resnet-8"])).engine == "channels-last"
    assert with_engine(load_spec(None, ["workload=cifar10/resnet-8"])).engine == "channels-last"
    assert len(measured) == 1


def test_a_driver_without_the_workers_gpu_times_nothing(measured: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    gpu = load_spec(None, ["workload=cifar10/resnet-8", "resources.gpus_per_trial=1"])
    assert with_engine(gpu).engine == "graphs"
    dropping = load_spec(None, ["profile={kind = 'one-cycle', momentum = [0.85, 0.95]}", "resources.gpus_per_trial=1"])
    assert with_engine(dropping).engine == "eager"
    assert measured == []


@pytest.mark.slow
def test_engines_are_really_timed(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    np.savez(tmp_path / "noise.npz", x_train=noise.random((120, 8, 8, 3), dtype=np.float32), y_train=np.arange(120) % 4)
    spec = load_spec(None, [f"workload=npz:{tmp_path}/noise.npz/resnet-8", "batch_size=16"])
    assert with_engine(spec).engine in ("eager", "channels-last")
    assert len(engine_choice._memory()) == 1


def test_a_study_keeps_its_engine(store: Store) -> None:
    def settle(spec: Spec) -> Spec:
        return spec.model_copy(update={"engine": "channels-last"})

    made = open_study(store, "mine", Spec(), "memory://weights", settle)
    assert study_spec(made).engine == "channels-last"
    again = open_study(store, "mine", Spec(), "memory://weights", lambda _: pytest.fail("it was chosen twice"))
    assert again == made
    with pytest.raises(InputError, match="engine is 'channels-last' in the study and 'stacked' in this spec"):
        open_study(store, "mine", parse_spec({"engine": "stacked"}, "test"), "memory://weights")


def test_a_study_from_before_there_were_engines_has_the_reference(store: Store) -> None:
    former = {name: value for name, value in Spec().to_dict().items() if name != "engine"}
    store.create_study("old", former, Spec().hash, "memory://weights", {})
    assert study_spec(store.study("old")).engine == "eager"
    assert open_study(store, "old", Spec(), "memory://weights").name == "old"
    assert open_study(store, "old", parse_spec({"engine": "eager"}, "test"), "memory://weights").name == "old"


def test_an_engine_of_other_numbers_makes_another_trial() -> None:
    hashes = {name: parse_spec({"engine": name}, "test").trial_hash for name in ("auto", "eager", "graphs", "stacked")}
    assert hashes["auto"] == hashes["eager"] == Spec().trial_hash
    assert len(set(hashes.values())) == 3


@pytest.mark.parametrize("home", ["none", "/proc", "a file"])
def test_without_a_home_nothing_is_remembered(home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        if home == "none":
            raise RuntimeError("Could not determine home directory.")
        (tmp_path / "a file").touch()
        return tmp_path / home

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", nowhere)
    engine_choice._remember("key", "eager")
    assert engine_choice._memory() == {}
