"""Many studies, judged in all cores at once."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.bands.cells import Floats

Task = TypeVar("Task")
Found = TypeVar("Found")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def judged_all(judge: Callable[[Task], Found], tasks: Sequence[Task], processes: int | None = None) -> list[Found]:
    """Return what is found of each task, in their order.

    Args:
        judge: a function of a module.
        tasks: what it is called with.
        processes: how many work at a time. Default: one per core. With 1, this process does the work.
    """
    if processes == 1:
        return [judge(task) for task in tasks]
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # what the processes start with; small matrices gain nothing
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return list(pool.map(judge, tasks, chunksize=4))


def percent(values: Floats) -> str:
    """Return a mean in percent with its standard error; values of shape (studies,)."""
    mean = f"{100 * np.mean(values):.0f}"
    return mean if len(values) < 2 else f"{mean} ± {100 * np.std(values, ddof=1) / np.sqrt(len(values)):.0f}"


def row(*cells: object) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(map(str, cells))} |"
