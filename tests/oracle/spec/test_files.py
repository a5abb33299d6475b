"""Specs as TOML text, and back."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from oracle.spec.files import load_spec, parse_spec, spec_template, spec_toml
from oracle.spec.model import Spec
from scyc import InputError
from tests.oracle.simulation import small_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le with mark"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["newline", "windows"])
def test_a_file_is_read_however_an_editor_wrote_it(encoding: str, newline: str, tmp_path: Path) -> None:
    mark = "\ufeff" if encoding.endswith("mark") else ""
    text = f'{mark}levels = 1{newline}workload = "folder:Größe@8/mlp-20"{newline}'
    (tmp_path / "spec.toml").write_bytes(text.encode(encoding.partition(" ")[0]))
    spec = load_spec(tmp_path / "spec.toml")
    assert (spec.levels, spec.workload) == (1, "folder:Größe@8/mlp-20")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("levels\u00a0= 1", "U+00A0, no-break space"),
        ("levels = 1\nseeds\u2009= [1]", "U+2009, thin space"),
        ("levels = 1\n\u200bepochs = 2", "U+200B, zero width space"),
        ("workload = “digits/mlp-20”", "U+201C, left double quotation mark"),
        ("levels = 1\n\ufeffepochs = 2", "U+FEFF, zero width no-break space"),
    ],
)
def test_what_only_looks_right_is_named(text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "spec.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is not TOML") as caught:
        load_spec(tmp_path / "spec.toml")
    assert named in str(caught.value)
    assert str(caught.value).endswith("; write an ordinary space or quote.")


def test_what_is_wrong_otherwise_is_not_blamed_on_looks(tmp_path: Path) -> None:
    (tmp_path / "spec.toml").write_text("# a\u00a0comment\nlevels = = 1", encoding="utf-8")
    with pytest.raises(InputError, match=r"is not TOML: .*line 2, column 10\)\.$"):
        load_spec(tmp_path / "spec.toml")
