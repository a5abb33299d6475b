from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from scyc.data import load_mnist1d
from scyc.data.mnist1d import generate


def test_equals_the_published_data_set() -> None:
    # Reference: `make_dataset()` of the PyPI package mnist1d 0.0.2.post1 (github.com/greydanus/mnist1d), which agrees
    # with the repository's mnist1d_data.pkl; "x" and "y" come first, then "x_test" and "y_test".
    signals, labels = generate()
    assert (signals.shape, labels.shape) == ((5000, 40), (5000,))
    assert labels[:12].tolist() == [2, 6, 4, 5, 6, 6, 6, 0, 3, 1, 6, 9]
    assert labels[4000:4012].tolist() == [2, 6, 3, 9, 4, 3, 1, 9, 5, 2, 0, 7]
    assert_allclose(signals[0, :5], [-0.33200567, -0.47191037, -0.77869708, -1.00974083, -0.88235257], atol=1e-8)
    assert_allclose(signals[1234, 17:22], [0.4923464, 0.39540281, 0.00942678, -0.68194862, -2.69377636], atol=1e-8)
    assert_allclose(signals[3999, -3:], [-1.21624513, -1.4649417, -1.65099286], atol=1e-8)
    assert_allclose(signals[4999, -5:], [-0.09864609, 0.44723289, 0.65987565, 0.87773435, 1.19315184], atol=1e-8)
    assert signals[:4000].sum() == pytest.approx(-51.78746787509559, abs=1e-6)
    assert np.abs(signals[:4000]).sum() == pytest.approx(118338.29510719894, abs=1e-6)


def test_splits() -> None:
    data = load_mnist1d()
    assert [len(split) for split in (data.train, data.validation, data.test)] == [3200, 800, 1000]
    assert data.num_classes == 10
    assert data.train.inputs.dtype == torch.float32
    assert data.train.targets.dtype == torch.int64

    signals, labels = generate()
    published = torch.tensor(signals, dtype=torch.float32)
    assert torch.equal(data.test.inputs, published[4000:])
    assert torch.equal(data.test.targets, torch.tensor(labels[4000:]))
    pool = torch.cat([data.train.inputs, data.validation.inputs]).tolist()
    assert sorted(pool) == sorted(published[:4000].tolist())


def test_is_the_same_every_time_and_leaves_global_generators_alone() -> None:
    def states() -> tuple[object, str, list[int]]:
        numpy_state = np.random.get_state(legacy=False)  # noqa: NPY002 - it is the one to leave alone
        return random.getstate(), repr(numpy_state), torch.get_rng_state().tolist()

    before = states()
    first, second = load_mnist1d(), load_mnist1d()
    assert states() == before
    for one, other in (
        (first.train, second.train),
        (first.validation, second.validation),
        (first.test, second.test),
    ):
        assert torch.equal(one.inputs, other.inputs)
        assert torch.equal(one.targets, other.targets)
