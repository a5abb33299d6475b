"""Inputs standardised by the training examples' mean and deviation, so that nothing is lost on the way to float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Doubles = npt.NDArray[np.float64]
    Singles = npt.NDArray[np.float32]

LARGEST = float(np.finfo(np.float32).max)
"""Greatest magnitude of a value that can be standardised."""

_CHUNK = 1024  # examples in double precision at a time
_SINGLE_ENOUGH = 1e4  # values at most so many deviations large can be centred in single precision


class Scale(NamedTuple):
    """How to standardise inputs.

    Attributes:
        apply: maps inputs of any real type to float32.
        low: smallest value of each feature of the training vectors, or of each channel of the training images.
        high: likewise the greatest.
        span: from low to high; 1 if they are equal.
        deviation: as a share of the span.
    """

    apply: Callable[[Array], Singles]
    low: Array
    high: Array
    span: Doubles
    deviation: Doubles


def scale_of(inputs: Array) -> Scale:
    """Return the scale on which training examples have mean 0 and deviation 1.

    Each feature of vectors is standardised for itself, each channel of images as a whole. A feature or channel that is
    constant becomes zero.

    Args:
        inputs: of any real type, each value at most `LARGEST` in magnitude; shape (N, D) or (N, C, H, W).
    """
    axes = (0, 2, 3) if inputs.ndim > 2 else (0,)
    low, high = inputs.min(axes, keepdims=True), inputs.max(axes, keepdims=True)
    count = inputs.size // low.size
    span = _offsets(high, low)
    constant = span == 0  # or smaller than double precision, which `check_kept` finds
    span = np.where(constant, 1, span)

    def shares(values: Array) -> Doubles:
        return _offsets(values, low) / span

    def moments(converted: Callable[[Array], Array]) -> tuple[Doubles, Doubles]:
        # NumPy adds in an order that doesn't depend on the number of threads, so all workers get the same bits.
        mean = sum(converted(chunk).astype(np.float64).sum(axes, keepdims=True) for chunk in _chunks(inputs)) / count
        squares = (np.square(converted(chunk).astype(np.float64) - mean) for chunk in _chunks(inputs))
        std = np.sqrt(sum(chunk.sum(axes, keepdims=True) for chunk in squares) / count)
        return np.asarray(mean), np.where(constant | (std == 0), 1, std)

    if inputs.ndim > 2:
        mean, std = moments(_single)
        largest = np.maximum(np.abs(low.astype(np.float64)), np.abs(high.astype(np.float64)))
        if (constant | (largest <= _SINGLE_ENOUGH * std)).all():
            centre, width = _single(np.where(constant, low, mean)), _single(std)
            return Scale(lambda values: (_single(values) - centre) / width, low, high, span, std / span)
    mean, std = moments(shares)
    mean = np.where(constant, 0, mean)
    return Scale(lambda values: _single((shares(values) - mean) / std), low, high, span, std)


def check_kept(inputs: Array, scale: Scale, source: str) -> None:
    """Check that training examples still differ from each other when they are standardised; see `standardised`.

    Raises:
        InputError: of the differences between the values of a feature or channel, most are lost.
    """
    if inputs.dtype.itemsize <= 2:
        return  # single precision holds them all
    differ, lost = np.zeros(scale.low.shape, np.int64), np.zeros(scale.low.shape, np.int64)
    for chunk in _chunks(inputs):
        found = _differences(chunk, scale)
        differ, lost = differ + found[0], lost + found[1]
    worst = np.flatnonzero(2 * lost > differ)
    if len(worst):
        where = worst[0]
        raise InputError(
            f"{source} has values in {'channel' if inputs.ndim > 2 else 'feature'} {where} whose differences are lost "
            f"in single precision, because others are many times as large (from {scale.low.flat[where]:g} to "
            f"{scale.high.flat[where]:g}): look for outliers, or take logarithms."
        )


def standardised(inputs: Array, scale: Scale, source: str) -> Singles:
    """Return inputs as float32 in C order, standardised.

    Args:
        inputs: of any real type.
        scale: of the training examples.
        source: what holds the inputs, for the message.

    Raises:
        InputError: values become infinite.
    """
    result = np.empty(inputs.shape, np.float32)
    start = 0
    for chunk in _chunks(inputs):
        with np.errstate(over="ignore", invalid="ignore"):
            result[start : start + len(chunk)] = scale.apply(chunk)
        start += len(chunk)
    if inputs.dtype.itemsize > 2 and not (np.isfinite(result.min()) and np.isfinite(result.max())):
        raise InputError(
            f"{source} has values so far from the training examples that they become infinite when they are "
            "standardised: look for wrong ones."
        )
    return result


def _differences(chunk: Array, scale: Scale) -> tuple[Array, Array]:
    """Return how many neighbours differ in each feature or channel, and how many no longer by as much, to a tenth."""
    axes = (0, 2, 3) if chunk.ndim > 2 else (0,)
    differ = chunk[1:] != chunk[:-1]
    before = _offsets(chunk[1:], chunk[:-1]) / scale.span
    after = np.diff(scale.apply(chunk).astype(np.float64), axis=0) * scale.deviation
    lost = differ & (np.abs(after - before) >= np.abs(before) / 10)
    return differ.sum(axes, keepdims=True), lost.sum(axes, keepdims=True)


def _chunks(inputs: Array) -> Iterator[Array]:
    for start in range(0, len(inputs), _CHUNK):
        yield np.ascontiguousarray(inputs[start : start + _CHUNK])


def _single(values: Array) -> Singles:
    return values.astype(np.float32)


def _offsets(values: Array, low: Array) -> Doubles:
    """Return `values - low`, computed before precision is lost: exact for integers."""
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        above, wrapped = values >= low, (values.astype(np.uint64), low.astype(np.uint64))
        distance = np.where(above, wrapped[0] - wrapped[1], wrapped[1] - wrapped[0]).astype(np.float64)
        return np.where(above, distance, -distance)
    if values.dtype.itemsize > 8:  # long doubles
        return np.subtract(values, low).astype(np.float64)
    return values.astype(np.float64) - low.astype(np.float64)
