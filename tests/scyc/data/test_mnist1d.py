from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from scyc.data import load_mnist1d, load_mnist1d_8k
from scyc.data.mnist1d import generate, generate_fresh


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


def test_the_larger_data_set_has_the_same_training_examples_and_begins_with_the_same_others() -> None:
    small, large = load_mnist1d(), load_mnist1d_8k()
    assert [len(split) for split in (large.train, large.validation, large.test)] == [3200, 8000, 8000]
    assert (large.watched, large.num_classes) == (800, 10)
    for split, begins in (
        (small.train, large.train),
        (small.validation, large.validation.first(800)),
        (small.validation, large.watched_split),
        (small.test, large.test.first(1000)),
    ):
        assert torch.equal(split.inputs, begins.inputs)
        assert torch.equal(split.targets, begins.targets)
    assert (large.validation.inputs.dtype, large.validation.targets.dtype) == (torch.float32, torch.int64)


def test_no_signal_of_the_larger_data_set_is_there_twice() -> None:
    data = load_mnist1d_8k()
    signals = torch.cat([data.train.inputs, data.validation.inputs, data.test.inputs]).numpy()
    assert len(np.unique(signals, axis=0)) == len(signals) == 19200


def test_fresh_signals_are_like_the_published_ones() -> None:
    published, labels = generate()
    fresh, fresh_labels = generate_fresh(14_200)
    assert np.bincount(fresh_labels).tolist() == [1420] * 10
    for digit in range(10):
        one, other = published[labels == digit], fresh[fresh_labels == digit]
        error = one.std(axis=0) / np.sqrt(len(one))
        assert (np.abs(one.mean(axis=0) - other.mean(axis=0)) < 5.5 * error).all()
        assert_allclose(other.std(axis=0), one.std(axis=0), rtol=0.2)
        assert_allclose(np.cov(other.T)[0, :5], np.cov(one.T)[0, :5], atol=0.2)


def test_fresh_signals_are_the_same_everywhere() -> None:
    signals, labels = generate_fresh(14_200)
    assert labels[:12].tolist() == [6, 7, 9, 1, 8, 7, 5, 9, 1, 5, 7, 6]
    assert_allclose(signals[0, :5], [-3.19261788, -2.6318928, -1.28979635, -2.64306746, -3.40678592], atol=1e-8)
    assert np.abs(signals).sum() == pytest.approx(421807.3992937865, abs=1e-6)
