"""Made-up surfaces whose truth is known, and studies of them whose cells share their noise as those of trainings do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, ndtri

from benchmarks.bands.cells import RATE
from scyc import SCyc

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bands.cells import Booleans, Floats

LEVELS, CANDIDATES = 13, 12

RATES = np.geomspace(0.02, 1.0, CANDIDATES)
"""The candidates of the embedded example."""

FINE = np.linspace(np.log(RATES[0]), np.log(RATES[-1]), 1601)
"""log `max_lr` at which the truth is evaluated."""

_CENTRE, _UNIT = FINE.mean(), np.ptp(FINE) / 2
"""log `max_lr` at x = 0, and per unit of x: the candidates span -1 to 1."""

_DIFFICULTY, _OF_ALL, _OF_ONE, _ALONE = 0.5, 0.15, 0.15, 0.2
"""What makes a network fail at an example, as shares of the variance: its difficulty; what all seeds share,
and what a seed has by itself, both smooth over level and `max_lr`; and what each cell has alone."""

_TRAINING, _SEED = 0.25, 0.4
"""Standard deviations of a network's true accuracy, in points: each cell's own, and each seed's at a level."""

_WAVES = 24
_LEVELS_APART, _RATES_APART = 4.0, 0.7
"""Over how many levels, and over what distance in x, the smooth shares change."""


@dataclass(frozen=True)
class Truth:
    """A surface.

    Attributes:
        name: what it is called.
        curve: where the top of each level is, a `max_lr`, shape (levels,).
        top: accuracy in points from how far x is from there.
        flat: whether many values are as good, so that a band may hold one of them more often than it says.
        family: of the curve, as the fit calls it; empty if it is of none.
    """

    name: str
    curve: Floats
    top: Callable[[Floats], Floats]
    flat: bool = False
    family: str = ""

    def scores(self, log_max_lr: Floats) -> Floats:
        """Return expected accuracies in points, shape (levels, len(log_max_lr))."""
        distance = (log_max_lr[None] - np.log(self.curve)[:, None]) / _UNIT
        base = 60 + 3 * np.sin(np.arange(len(self.curve)) / 4)
        return np.asarray(base[:, None] + self.top(distance))

    def study(self, seeds: int, examples: int, random: np.random.Generator) -> Booleans:
        """Return what the networks of a sweep over `RATES` classify correctly; see `cells.decided` for the shape."""
        shape = len(self.curve), CANDIDATES, seeds
        expected = self.scores(np.log(RATES))[:, :, None]
        noise = _TRAINING * random.standard_normal(shape) + _SEED * random.standard_normal((shape[0], 1, seeds))
        able = ndtri(np.clip((expected + noise) / 100, 0.02, 0.99)).astype(np.float32)[..., None]
        need = np.sqrt(_ALONE) * random.standard_normal((*shape, examples), dtype=np.float32)
        need += np.float32(np.sqrt(_DIFFICULTY)) * random.standard_normal(examples, dtype=np.float32)
        need += np.float32(np.sqrt(_OF_ALL)) * _smooth(shape[0], (1, examples), random)
        need += np.float32(np.sqrt(_OF_ONE)) * _smooth(shape[0], (seeds, examples), random)
        return np.asarray(need < able)


def _smooth(levels: int, size: tuple[int, int], random: np.random.Generator) -> Floats:
    """Return fields of variance 1 that are smooth over level and `max_lr`, shape (levels, candidates, *size)."""
    x, level = (np.log(RATES) - _CENTRE) / _UNIT, np.arange(levels) / _LEVELS_APART
    across = np.outer(random.standard_normal(_WAVES) / _RATES_APART, x)
    along = np.outer(random.standard_normal(_WAVES), level)
    phases = random.uniform(0, 2 * np.pi, _WAVES)
    waves = np.cos(along[:, :, None] + across[:, None] + phases[:, None, None])
    waves /= np.sqrt((waves**2).sum(axis=0))
    strengths = random.standard_normal((_WAVES, *size), dtype=np.float32)
    return np.asarray(np.tensordot(waves.astype(np.float32), strengths, axes=(0, 0)))


def _asymmetric(distance: Floats) -> Floats:
    """Gentle on the left and steep on the right, as tops are in training."""
    return np.asarray(-1.2 * (np.exp(2.6 * distance) - 2.6 * distance - 1))


def _ramp(distance: Floats) -> Floats:
    """Still rising where training collapses."""
    rise = -2.2 * np.minimum(distance, 0) ** 2 + 0.8 * np.maximum(distance, 0)
    return np.asarray(rise - 25 * expit((distance - 0.22) / 0.025))


def _plateau(distance: Floats) -> Floats:
    return np.asarray(-6 * np.maximum(-distance - 0.35, 0) ** 2 - 9 * np.maximum(distance - 0.15, 0) ** 2)


def _flat(distance: Floats) -> Floats:
    """No candidate is a point below the best."""
    return np.asarray(-0.25 * (np.exp(1.2 * distance) - 1.2 * distance - 1))


def _at(x: Floats) -> Floats:
    return np.asarray(np.exp(_CENTRE + _UNIT * x))


_M = np.arange(LEVELS)
_S = _at(-0.45 + 0.75 * expit((_M - 5.5) / 1.3))
_SAME = _at(np.zeros(LEVELS))


def _s_cyc(delta: float, epsilon: float) -> Floats:
    return np.array([SCyc(delta, epsilon, p=RATE)(int(level)) for level in _M])


SURFACES = (
    Truth("asymmetric", _S, _asymmetric),
    Truth("cliff", _S, _ramp),
    Truth("plateau", _S, _plateau, flat=True),
    Truth("jump", _at(np.where(_M < 6, -0.4, 0.4)), _asymmetric),
    Truth("flat", _S, _flat, flat=True),
    Truth("constant", _SAME, _asymmetric),
)
"""What bands and intervals are tried on."""

CURVES = (
    Truth("S, rise 2.25", _s_cyc(0.16, 0.2), _asymmetric, family="s-cyc"),
    Truth("S, rise 4", _s_cyc(0.1, 0.3), _asymmetric, family="s-cyc"),
    Truth("constant", _SAME, _asymmetric, family="constant"),
    Truth("linear", np.linspace(0.1, 0.4, LEVELS), _asymmetric, family="linear"),
    Truth("exponential", np.geomspace(0.1, 0.4, LEVELS), _asymmetric, family="exponential"),
    Truth("staircase", np.repeat([0.1, 0.17, 0.28, 0.4], [3, 4, 2, 4]), _asymmetric, family="monotone"),
)
"""What the fit of S-Cyc and its rivals is tried on."""
