"""MNIST-1D, generated: exactly the numbers of the published data set, without a download, and fresh ones.

Greydanus & Kobak, "Scaling down deep learning with MNIST-1D", ICML 2024 (arXiv 2011.14439);
reference implementation: https://github.com/greydanus/mnist1d. Ten hand-drawn profiles, one for each digit, are padded,
stretched, scaled, shifted, drowned in noise and sheared. A linear classifier reaches about 32 %, an MLP 68 %, a
convolutional network 94 %, so that differences between training recipes show within seconds.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import torch

from scyc.data.dataset import Dataset, Split
from scyc.data.splitting import hold_out

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SAMPLES, TRAIN_SAMPLES, FEATURES = 5000, 4000, 40
VALIDATION_FRACTION = 0.2  # 800 of the 4,000 published training examples
JUDGED = 8000
"""Validation examples, and as many test examples, of the larger data set."""

_SEED, _FRESH_SEED = 42, 8000
_PADDING = (36, 60)  # zeros appended to a profile, both ends inclusive
_LENGTH = 72  # of the stretched signal: profile and the longest padding
_SCALE, _MAX_SHIFT, _SHEAR = 0.4, 48, 0.75
_SMOOTH_NOISE, _WHITE_NOISE = 0.25, 0.02  # standard deviations; the smooth one before smoothing
_SMOOTHING_SIGMA, _SMOOTHING_RADIUS = 2, 8

_PROFILES = np.array(
    [
        [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5],
        [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
        [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5],
        [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
        [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5],
        [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
        [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5],
        [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
        [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5],
        [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
    ]
)


def load_mnist1d() -> Dataset:
    """Generate MNIST-1D: 3,200 training, 800 validation and 1,000 test signals of shape (40,).

    Training and validation together are the published training set, the test split is the published one.
    """
    signals, labels = generate()
    inputs, targets = torch.tensor(signals, dtype=torch.float32), torch.tensor(labels)
    published = Split(inputs[:TRAIN_SAMPLES], targets[:TRAIN_SAMPLES])
    train, validation = hold_out(published, VALIDATION_FRACTION)
    test = Split(inputs[TRAIN_SAMPLES:], targets[TRAIN_SAMPLES:])
    return Dataset(train, validation, test, num_classes=len(_PROFILES))


def load_mnist1d_8k() -> Dataset:
    """Generate MNIST-1D with 8,000 validation and 8,000 test signals, so that three seeds tell close networks apart.

    The training signals are those of `load_mnist1d`. Its 800 validation and 1,000 test signals come first among those
    of the same kind; the others are fresh signals of the same generator. A training is watched on the 800.

    Between neighbouring values of `max_lr`, the difference in accuracy (mean over three seeds) has a standard error of
    about 0.65 points on 800 signals, nearly all of it the sampling of the signals, and of 0.24 on 8,000.
    """
    published = load_mnist1d()
    watched, tested = len(published.validation), len(published.test)
    signals, labels = generate_fresh(2 * JUDGED - watched - tested)
    fresh = Split(torch.tensor(signals, dtype=torch.float32), torch.tensor(labels))
    validation, test = (
        Split(torch.cat([split.inputs, inputs]), torch.cat([split.targets, targets]))
        for split, inputs, targets in zip(
            (published.validation, published.test),
            fresh.inputs.tensor_split([JUDGED - watched]),
            fresh.targets.tensor_split([JUDGED - watched]),
            strict=True,
        )
    )
    return replace(published, validation=validation, test=test, watched=watched)


def generate() -> tuple[Floats, Integers]:
    """Return the published signals, shape (5000, 40), mean 0 and variance 1, and labels, shape (5000,), in order."""
    signals, labels = _published()
    return (signals - signals.mean()) / signals.std(), labels


def generate_fresh(count: int) -> tuple[Floats, Integers]:
    """Return signals that were not published, shape (count, 40), scaled as the published ones are, and their labels.

    Args:
        count: >= 0, a multiple of ten: there are as many of each class.
    """
    random = np.random.RandomState(_FRESH_SEED)
    low, high = _PADDING
    labels = random.permutation(np.repeat(np.arange(len(_PROFILES)), count // len(_PROFILES)))
    signals = _signals(
        labels,
        padding=random.randint(high - low + 1, size=count),
        scale=1 + _SCALE * (random.rand(count) - 0.5),
        shift=random.randint(_MAX_SHIFT, size=count),
        noise=random.randn(count, 2, _LENGTH),
        shear=_SHEAR * (random.rand(count) - 0.5),
    )
    published, _ = _published()
    return (signals - published.mean()) / published.std(), labels


@cache
def _published() -> tuple[Floats, Integers]:
    """Return the published signals before they are scaled, and their labels."""
    labels = np.repeat(np.arange(len(_PROFILES)), SAMPLES // len(_PROFILES))
    padding, shift = np.empty(SAMPLES, np.int64), np.empty(SAMPLES, np.int64)
    scale, shear, noise = np.empty(SAMPLES), np.empty(SAMPLES), np.empty((SAMPLES, 2, _LENGTH))

    # Only this loop has to follow the published order of draws, sample by sample; all else is vectorised.
    random = np.random.RandomState(_SEED)
    low, high = _PADDING
    for i in range(SAMPLES):
        padding[i] = int(random.rand() * (high - low + 1))
        scale[i] = 1 + _SCALE * (random.rand() - 0.5)
        shift[i] = random.randint(_MAX_SHIFT)
        noise[i] = random.randn(2, _LENGTH)
        shear[i] = _SHEAR * (random.rand() - 0.5)
    order = random.permutation(SAMPLES)
    return _signals(labels, padding, scale, shift, noise, shear)[order], labels[order]


def _signals(
    labels: Integers, padding: Integers, scale: Floats, shift: Integers, noise: Floats, shear: Floats
) -> Floats:
    """Return the signals that come of random draws, shape (N, 40).

    Args:
        labels: shape (N,), as are all but the noise.
        padding: zeros appended to a profile, beyond the least number.
        scale: factor.
        shift: to the right, in samples.
        noise: to be smoothed, and white, each of variance 1; shape (N, 2, 72).
        shear: slope of the line that is taken off.
    """
    signals = _stretched_profiles()[labels, padding] * scale[:, None]
    columns = (np.arange(_LENGTH) - shift[:, None]) % _LENGTH  # cyclic shift to the right
    signals = np.take_along_axis(signals, columns, axis=1)
    smooth = (_SMOOTH_NOISE * noise[:, 0]) @ _smoothing_matrix()
    signals = np.where(signals != 0, signals, smooth) + _WHITE_NOISE * noise[:, 1]
    signals -= shear[:, None] * np.linspace(-0.5, 0.5, _LENGTH)
    return np.asarray(signals @ np.stack([_resampled(unit, FEATURES) for unit in np.eye(_LENGTH)]))


def _stretched_profiles() -> Floats:
    """Return every profile with every padding, stretched to one length; shape (10, 25, 72)."""
    profiles = _PROFILES - _PROFILES.mean(1, keepdims=True)
    profiles /= profiles.std(1, keepdims=True)
    profiles = (profiles - profiles[:, :1]) / 6 + 1e-8  # the tiny offset tells a profile's zeros from padding
    low, high = _PADDING
    return np.array(
        [[_resampled(np.pad(profile, (0, zeros)), _LENGTH) for zeros in range(low, high + 1)] for profile in profiles]
    )


def _resampled(signal: Floats, length: int) -> Floats:
    """Return the signal interpolated linearly at `length` equidistant points from its first to its last."""
    return np.interp(np.linspace(0, 1, length), np.linspace(0, 1, len(signal)), signal)


def _smoothing_matrix() -> Floats:
    """Return S such that `rows @ S` smooths each row by a Gaussian, reflecting it at its ends; shape (72, 72)."""
    offsets = np.arange(-_SMOOTHING_RADIUS, _SMOOTHING_RADIUS + 1)
    kernel = np.exp(-0.5 * (offsets / _SMOOTHING_SIGMA) ** 2)
    mirrored = np.pad(np.eye(_LENGTH), ((0, 0), (_SMOOTHING_RADIUS, _SMOOTHING_RADIUS)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(mirrored, len(kernel), axis=1)
    return np.asarray(windows @ (kernel / kernel.sum()))
