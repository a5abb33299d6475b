"""The protocols of papers: complete, sourced, and small versions that run."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from oracle.comparison.contenders import contenders
from oracle.driver.events import Listener
from oracle.driver.oracle_run import OracleRun
from oracle.execution.inline import InlineExecutor
from oracle.spec.files import parse_spec, spec_template, spec_toml
from oracle.spec.model import Spec
from oracle.spec.presets import SMALL, preset, preset_names, preset_text
from oracle.study.opening import ORACLE, open_study
from scyc import PRESETS, InputError
from scyc.workloads import load_workload
from studies import Artifacts, Store
from tests.oracle.comparison.surfaces import known

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

NAMES = preset_names()
EVERY = pytest.mark.parametrize("name", NAMES)


def test_there_are_some() -> None:
    assert len(NAMES) >= 6


@EVERY
def test_every_field_has_its_source_or_is_called_assumed(name: str) -> None:
    text = preset_text(name)
    sources = set(re.findall(r"^# \[(\d)\] ", text, re.MULTILINE))
    assert sources
    fields = [line for line in text.splitlines() if " = " in line and not line.startswith("#")]
    assert len(fields) >= 12
    for line in fields:
        comment = line.partition("  # ")[2]
        assert comment.startswith("assumed") or set(re.findall(r"\[(\d)\]", comment)) & sources, line


@EVERY
def test_it_is_a_spec_whose_network_there_is(name: str) -> None:
    spec = preset(name)
    assert load_workload(spec.workload).build_model() is not None
    assert spec.protocol().pruning.rate == spec.pruning.rate


@EVERY
def test_the_schedules_that_it_names_exist(name: str) -> None:
    spec = preset(name)
    there = contenders([known(0, 0.1), known(1, 0.1), known(2, 0.1)], spec, None)
    for schedule in re.findall(r"--schedule ([a-z0-9:-]+)", preset_text(name)):
        wanted = schedule if schedule in there else schedule.partition(":")[0]
        assert wanted in there


def test_the_authors_effective_peak_comes_out() -> None:
    spec = preset("s-cyc-resnet-20")
    profile = spec.profile.build()
    assert max(profile(step / 1000) for step in range(500)) == pytest.approx(0.704, abs=0.002)
    assert profile(0.55) == pytest.approx(0.1)
    assert profile(0.9) == pytest.approx(0.01)
    assert PRESETS["resnet20-cifar10"].p == spec.pruning.rate


@EVERY
def test_the_small_version_keeps_how_it_prunes_and_trains(name: str) -> None:
    full, small = preset(name), preset(name, small=True)
    assert (small.pruning, small.profile, small.optimizer) == (full.pruning, full.profile, full.optimizer)
    assert small.workload == SMALL["workload"]
    assert parse_spec(tomllib.loads(spec_template(small)), "again") == small
    assert parse_spec(tomllib.loads(spec_toml(small)), "again") == small


@EVERY
def test_the_small_version_runs(name: str, tmp_path: Path) -> None:
    given = preset(name, small=True).to_dict()
    spec = Spec.model_validate(given | {"levels": 3, "seeds": [0], "epochs": 2})  # smaller still: this is a test
    with Store.open("sqlite://") as store:
        study = open_study(store, name, spec, str(tmp_path))
        sweep = OracleRun(store, store.open_run(study.id, ORACLE), spec, Artifacts(study.artifacts), Listener())
        InlineExecutor().run(sweep, spec, Artifacts(study.artifacts))
        assert sweep.complete
        assert store.counts(sweep.run.id) == {"pending": 0, "complete": 9, "failed": 0, "stopped": 0}


def test_an_unknown_one_is_refused_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"no preset 'resnet'; choose one of .*s-cyc-resnet-20"):
        preset_text("resnet")
