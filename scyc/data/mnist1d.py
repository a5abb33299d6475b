"""MNIST-1D, generated: exactly the numbers of the published data set, without a download.

Greydanus & Kobak, "Scaling down deep learning with MNIST-1D", ICML 2024 (arXiv 2011.14439);
reference implementation: https://github.com/greydanus/mnist1d. Ten hand-drawn profiles, one for each digit, are padded,
stretched, scaled, shifted, drowned in noise and sheared. A linear classifier reaches about 32 %, an MLP 68 %, a
convolutional network 94 %, so that differences between training recipes show within seconds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from scyc.data.dataset import Dataset, Split
from scyc.data.splitting import hold_out

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SAMPLES, TRAIN_SAMPLES, FEATURES = 5000, 4000, 40
VALIDATION_FRACTION = 0.2  # 800 of the 4,000 published training examples

_SEED = 42
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


def generate() -> tuple[Floats, Integers]:
    """Return the published signals, shape (5000, 40), mean 0 and variance 1, and labels, shape (5000,), in order."""
    labels = np.repeat(np.arange(len(_PROFILES)), SAMPLES // len(_PROFILES))
    padding, scale, shift, noise, shear = (np.empty(SAMPLES, dtype) for dtype in _DRAWS)

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

    signals = _stretched_profiles()[labels, padding] * scale[:, None]
    columns = (np.arange(_LENGTH) - shift[:, None]) % _LENGTH  # cyclic shift to the right
    signals = np.take_along_axis(signals, columns, axis=1)
    smooth = (_SMOOTH_NOISE * noise[:, 0]) @ _smoothing_matrix()
    signals = np.where(signals != 0, signals, smooth) + _WHITE_NOISE * noise[:, 1]
    signals -= shear[:, None] * np.linspace(-0.5, 0.5, _LENGTH)
    signals = signals @ np.stack([_resampled(unit, FEATURES) for unit in np.eye(_LENGTH)])

    signals = signals[order]
    return (signals - signals.mean()) / signals.std(), labels[order]


# One record of random draws: padding beyond the least, scale, shift, smooth and white noise, shear.
_DRAWS = (np.int64, np.float64, np.int64, np.dtype((np.float64, (2, _LENGTH))), np.float64)


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
