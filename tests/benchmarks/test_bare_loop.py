"""The bare loop beside the training, a few steps of each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from benchmarks import bare_loop

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bare_loop import Case

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = {name: replace(case, batch=4, steps=3, epochs=1) for name, case in bare_loop.CASES.items()}
    monkeypatch.setattr(bare_loop, "CASES", cases)


def test_both_sides_of_every_case(tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    bare_loop.main(["--repeats", "1", "--out", str(tmp_path)])
    table = (tmp_path / "bare-loop.md").read_text(encoding="utf-8")
    assert all(name in table for name in bare_loop.CASES)
    assert torch.get_num_threads() == threads


def test_both_sides_train_the_same_network_under_the_same_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    case = bare_loop.CASES["mlp-300-100"]
    models, build = [], bare_loop.Case.build

    def remember(case: Case) -> object:
        models.append(build(case))
        return models[-1]

    monkeypatch.setattr(bare_loop.Case, "build", remember)
    bare_loop.bare(case)
    bare_loop.ours(case)
    (bare, masks), (ours, same) = models
    start, _ = build(case)
    for name, mask in masks.kept.items():
        assert torch.equal(mask, same.kept[name])
        for model in (bare, ours):
            weight = model.get_parameter(name)
            assert not weight[~mask].any()
            assert not torch.equal(weight, start.get_parameter(name) * mask)
