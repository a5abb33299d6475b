"""A step in a process of its own, which can be killed: so it cannot take the others with it, nor their time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING

from benchmarks.gpu_check.findings import CUT, FAILED, Row, append

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from benchmarks.gpu_check.setting import Setting

    Step = Callable[[Setting], Iterable[Row]]


def run(name: str, step: Step, setting: Setting, seconds: float, rows: Path, keep: Callable[[], None]) -> None:
    """Run a step in a fork of this process, which has not touched the GPU; its rows are kept as they come.

    Args:
        name: of the step.
        step: yields its rows.
        setting: on what, and how much of it.
        seconds: it is asked to end by then, and killed with all its processes shortly after.
        rows: file to append them to.
        keep: called now and then, and at the end: to keep what is there.
    """
    started = time.monotonic()
    process = multiprocessing.get_context("fork").Process(
        target=_work, args=(name, step, setting.until(started + seconds), rows)
    )
    process.start()
    try:
        while process.is_alive() and time.monotonic() < started + seconds + setting.grace:
            process.join(1.0)
            keep()
        spent = time.monotonic() - started
        if process.is_alive():
            append(Row(name, "the rest", CUT, f"killed after {spent:.0f} s", spent), rows)
        elif process.exitcode:
            append(Row(name, "the rest", FAILED, f"its process ended with exit code {process.exitcode}", spent), rows)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid or 0, signal.SIGKILL)  # with what it has left behind
        process.kill()
        process.join()
        keep()


def _work(name: str, step: Step, setting: Setting, rows: Path) -> None:
    os.setpgid(0, 0)
    try:
        for row in step(setting):
            append(row, rows)
            if setting.over:
                append(Row(name, "the rest", CUT, "its time was over"), rows)
                break
    except Exception as error:
        append(Row(name, "the rest", FAILED, f"{type(error).__name__}: {error}", error=traceback.format_exc()), rows)
