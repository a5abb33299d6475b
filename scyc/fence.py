"""A fence around other people's code: what it does to the whole process ends with the block."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_STREAMS = {"stdout": 1, "stderr": 2}


@contextmanager
def fenced(name: str) -> Iterator[None]:
    """Run the code of a workload within the block, and restore what else depends on.

    That is the working folder, standard output and error (also after `close`), the filters of warnings, and what SIGINT
    and SIGTERM do. A forked process that comes out of the block ends there: it would do the rest a second time.

    Args:
        name: the workload's, for the message.

    Raises:
        InputError: the code wanted to end this process, with `sys.exit` for instance.
    """
    process = os.getpid()
    with ExitStack() as stack:
        stack.enter_context(_same_folder())
        for stream, descriptor in _STREAMS.items():
            stack.enter_context(_same_stream(stream, descriptor))
        stack.enter_context(_same_warnings())
        stack.enter_context(_same_handlers())
        try:
            yield
        except SystemExit as error:
            raise InputError(
                f"The workload {name!r} wanted to end the process (SystemExit: {error}); let it return, or raise an "
                "exception, instead of calling sys.exit."
            ) from error
        finally:
            if os.getpid() != process:
                os._exit(0)


@contextmanager
def _same_folder() -> Iterator[None]:
    folder = os.open(".", os.O_PATH)
    try:
        yield
    finally:
        os.fchdir(folder)
        os.close(folder)


@contextmanager
def _same_stream(name: str, descriptor: int) -> Iterator[None]:
    stream = getattr(sys, name)
    try:
        kept = os.dup(descriptor)
    except OSError:  # it was closed before
        yield
        return
    try:
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
        if getattr(stream, "closed", False):
            stream = open(descriptor, "w", buffering=1, encoding=stream.encoding, errors=stream.errors, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)


@contextmanager
def _same_warnings() -> Iterator[None]:
    before = list(warnings.filters)
    try:
        yield
    finally:
        if before != warnings.filters:  # `warnings.catch_warnings` would forget what was said before, and say it again
            warnings.filters[:] = before  # type: ignore[index]


@contextmanager
def _same_handlers() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread can set them
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) is not handler:
                with suppress(ValueError):
                    signal.signal(number, handler)
