from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from scyc.data import Split
from scyc.data.splitting import hold_out


def numbered(count: int) -> Split:
    return Split(torch.arange(count, dtype=torch.float32)[:, None], torch.arange(count))


@given(count=st.integers(0, 500), fraction=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
def test_every_example_lands_on_one_side(count: int, fraction: float, seed: int) -> None:
    kept, held_out = hold_out(numbered(count), fraction, seed)
    assert len(held_out) == round(fraction * count)
    assert sorted(kept.targets.tolist() + held_out.targets.tolist()) == list(range(count))
    for part in (kept, held_out):
        assert torch.equal(part.inputs[:, 0].long(), part.targets)


def test_the_permutation_never_changes() -> None:
    # A study that is resumed after an upgrade must find its validation set unchanged.
    _, held_out = hold_out(numbered(10), 0.4, seed=0)
    assert held_out.targets.tolist() == [2, 8, 4, 9]


def test_the_seed_matters() -> None:
    first, second = (hold_out(numbered(100), 0.5, seed)[1].targets for seed in (0, 1))
    assert not torch.equal(first, second)
