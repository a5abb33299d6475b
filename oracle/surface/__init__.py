"""The surface as a model: one smooth score over log `max_lr` and level, with all that the trials leave open.

`fit_surface` fits it. A `Surface` answers what people ask: the curve of the best `max_lr` with its band, the range that
is as good, and how probable it is that a schedule stays within a tolerance.
"""

from __future__ import annotations

from oracle.surface.curve import BestCurve, LevelWord, best_curve
from oracle.surface.observations import LevelData
from oracle.surface.remembered import Remembered
from oracle.surface.surface import Surface, SurfaceInterval, digest, fit_surface

__all__ = [
    "BestCurve",
    "LevelData",
    "LevelWord",
    "Remembered",
    "Surface",
    "SurfaceInterval",
    "best_curve",
    "digest",
    "fit_surface",
]
