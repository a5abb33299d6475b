from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from scyc.data.standardising import check_kept, scale_of, standardised
from scyc.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

NORMAL = np.random.default_rng(0).normal(size=(300, 3))
RANKS = NORMAL.argsort(0).argsort(0)
EXPECTED = (NORMAL - NORMAL.mean(0)) / NORMAL.std(0)
EXPECTED_RANKS = (RANKS - RANKS.mean(0)) / RANKS.std(0)


def result(inputs: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    scale = scale_of(inputs)
    check_kept(inputs, scale, "mine")
    return standardised(inputs, scale, "mine")


@pytest.mark.parametrize(
    "inputs",
    [
        NORMAL * [1, 100, 1e-3],
        NORMAL * [1e37, 1e-37, 1] + [0, 0, 1e9],
        NORMAL * 1e-300,
        NORMAL + 1e8,
        np.asfortranarray(NORMAL).astype(">f8"),
        NORMAL.astype(np.longdouble),
    ],
)
def test_each_feature_is_standardised_for_itself_whatever_its_scale(inputs: npt.NDArray[Any]) -> None:
    assert np.abs(result(inputs) - EXPECTED).max() < 1e-5
    assert result(inputs).flags.c_contiguous


@pytest.mark.parametrize(
    "inputs",
    [
        RANKS + 2**62,  # neighbours are one double
        np.uint64(2**64 - 1) - (299 - RANKS).astype(np.uint64),
        -(2**63) + RANKS,
        (RANKS + 2**62).astype(">i8"),
        RANKS.astype(np.float16),
        RANKS + np.longdouble(2) ** 60,
    ],
)
def test_integers_are_standardised_exactly(inputs: npt.NDArray[Any]) -> None:
    assert np.abs(result(inputs) - EXPECTED_RANKS).max() < 1e-6


def test_values_below_the_training_examples_stay_below_them() -> None:
    train = RANKS + 2**62
    found = standardised(train - 1000, scale_of(train), "mine")
    assert np.abs(found - (RANKS - 1000 - RANKS.mean(0)) / RANKS.std(0)).max() < 1e-4


@pytest.mark.parametrize("shift", [0, 1e9])
def test_channels_of_images_are_standardised_as_a_whole(shift: float) -> None:
    images = NORMAL.reshape(25, 3, 2, 6) * np.array([1, 100, 1e-3]).reshape(3, 1, 1) + shift * np.array([[[1.0]]])
    images[:, 2] -= shift
    found = result(images)
    assert np.abs(found.mean((0, 2, 3))).max() < 1e-6
    assert np.abs(found.std((0, 2, 3)) - 1).max() < 1e-6
    assert found[0, 0].std() != pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("outlier", [1e12, -1e30, 3e38])
def test_an_outlier_that_makes_all_others_equal_is_refused(outlier: float) -> None:
    table, images = NORMAL.copy(), NORMAL.reshape(25, 3, 2, 6).copy()
    table[7, 1] = images[7, 1, 0, 0] = outlier
    with pytest.raises(InputError, match="mine has values in feature 1 whose differences are lost"):
        result(table)
    with pytest.raises(InputError, match="mine has values in channel 1 whose differences are lost"):
        result(images)


def test_long_doubles_below_double_precision_are_refused() -> None:
    table = np.where([False, True, False], NORMAL.astype(np.longdouble) * np.longdouble("1e-4000"), NORMAL)
    with pytest.raises(InputError, match="mine has values in feature 1 whose differences are lost"):
        result(table)


@pytest.mark.parametrize("outlier", [5, 1e3, -1e4])
def test_a_smaller_outlier_is_taken(outlier: float) -> None:
    table = NORMAL.copy()
    table[7, 1] = outlier
    assert np.abs(result(table)[:, 1] - (table[:, 1] - table[:, 1].mean()) / table[:, 1].std()).max() < 1e-5


def test_dust_around_zero_is_taken() -> None:
    table = np.where(RANKS % 2, NORMAL, 1e-17 * NORMAL)
    assert np.abs(result(table) - (table - table.mean(0)) / table.std(0)).max() < 1e-6


def test_values_infinitely_far_from_the_training_examples_are_refused() -> None:
    with pytest.raises(InputError, match="mine has values so far from the training examples"):
        standardised(NORMAL * 1e30, scale_of(NORMAL * 1e-30), "mine")


@pytest.mark.parametrize("constant", [0.1, 3, 1e30, -7e-300])
def test_constant_features_become_zero(constant: float) -> None:
    table = NORMAL.copy()
    table[:, 2] = constant
    found = result(table)
    assert not found[:, 2].any()
    assert found[:, 0].any()
