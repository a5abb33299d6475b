"""`scyc presets`: what it prints can be run."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

from oracle.spec.files import parse_spec
from oracle.spec.presets import preset, preset_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.oracle.cli.conftest import Ended


def test_presets_are_listed_with_what_they_are(scyc: Callable[..., Ended]) -> None:
    listed = json.loads(scyc("presets", "list", "--json").out)
    assert list(listed) == preset_names()
    assert listed["s-cyc-resnet-20"] == "S-Cyc and SILO on ResNet-20, CIFAR-10."
    assert "s-cyc-resnet-20" in scyc("presets", "list").out


def test_a_preset_is_printed_as_a_spec(scyc: Callable[..., Ended]) -> None:
    name = "s-cyc-resnet-20"
    for small in (False, True):
        options = ["--small"] if small else []
        printed = scyc("presets", "show", name, *options)
        assert parse_spec(tomllib.loads(printed.out), "printed") == preset(name, small=small)
        shown = json.loads(scyc("presets", "show", name, "--json", *options).out)
        assert shown == preset(name, small=small).to_dict()


def test_an_unknown_preset_is_refused(scyc: Callable[..., Ended]) -> None:
    ended = scyc("presets", "show", "nothing")
    assert ended.code == 2
    assert "There is no preset 'nothing'" in ended.err
