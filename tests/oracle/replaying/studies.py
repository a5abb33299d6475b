"""Finished studies to replay on, made up in milliseconds, and one of real trainings."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from oracle.replaying import Recording
from tests.oracle.simulation import Answering, small_spec

SEEDS = [4, 0, 9, 2]
REAL = Path(__file__).parents[3] / "benchmarks" / "replay" / "recorded" / "mnist1d-mlp.npz"


def laboratory(**fields: Any) -> Answering:
    """A study of four levels, five candidates and four seeds, unless told otherwise; the best drifts upwards."""
    search = {"max_lr": {"low": 0.05, "high": 0.8, "count": 5}, "widen": 0}
    usual = {"levels": 4, "seeds": SEEDS, "epochs": 2, "search": search}
    return Answering(small_spec(**(usual | fields)), growth=1.3, ceiling=0.5)


@cache
def made_up() -> Recording:
    """The recording of one that is finished."""
    with laboratory() as study:
        return Recording.from_study(study.finish().store, "s")


@cache
def real() -> Recording:
    """A surface of MNIST-1D."""
    return Recording.load(REAL)
