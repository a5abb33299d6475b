from __future__ import annotations

import sys

import pytest
import torch

from scyc.data import load_digits
from scyc.errors import InputError


def test_the_three_splits_make_up_the_whole() -> None:
    data = load_digits()
    splits = (data.train, data.validation, data.test)
    assert [len(split) for split in splits] == [1150, 288, 359]
    assert data.num_classes == 10
    inputs = torch.cat([split.inputs for split in splits])
    targets = torch.cat([split.targets for split in splits])
    assert (inputs.shape, inputs.dtype, targets.dtype) == ((1797, 64), torch.float32, torch.int64)
    assert len(set(map(tuple, inputs.tolist()))) == 1797
    assert targets.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert inputs.mean().item() == pytest.approx(0, abs=1e-3)
    assert inputs.std().item() == pytest.approx(1, abs=1e-3)


def test_says_how_to_get_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(InputError, match=r'needs scikit-learn.*pip install "scyc\[oracle\]"'):
        load_digits()
