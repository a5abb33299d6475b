"""Specs as TOML text, and back."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from oracle.spec.files import parse_spec, spec_template, spec_toml
from oracle.spec.model import Spec
from tests.oracle.simulation import small_spec

if TYPE_CHECKING:
    from collections.abc import Callable

SPECS = {
    "the default": Spec(),
    "candidates one by one": small_spec(),
    "awkward text": small_spec(workload='folder:/data/a "quote", a \\ and é # no comment\x7f@32/mlp'),
    "tiny numbers": small_spec(optimizer={"weight_decay": 1e-12}, pruning={"rate": 1e-9}),
    "another profile": small_spec(profile={"kind": "step", "drops": [0.25, 0.5, 0.75]}),
    "no fields but its kind": small_spec(profile={"kind": "constant"}),
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
@pytest.mark.parametrize("write", [spec_template, spec_toml])
def test_a_spec_reads_back_as_it_was(spec: Spec, write: Callable[[Spec], str]) -> None:
    assert parse_spec(tomllib.loads(write(spec)), "again") == spec


def test_the_template_explains_each_field_and_what_else_there_could_be() -> None:
    lines = spec_template().splitlines()
    assert "levels = 13  # number of levels, including the dense one, 1 to 200" in lines
    assert 'scale = "log"  # spacing of the candidates (log, linear)' in lines
    assert "# values = []  # list of the candidates, in place of low, high and count" in lines
    assert lines[lines.index("[search.max_lr]") - 1] == ""


def test_without_comments_every_default_is_written_out() -> None:
    text = spec_toml(Spec())
    assert "#" not in text
    assert tomllib.loads(text) == Spec().to_dict()
