"""An interrupted program stops soon, with its database transactions whole, also where Python cannot hear the signal."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from studies import in_critical_section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})

_LEFT_ALONE = (signal.SIG_IGN, None)  # None: set by other than Python


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise KeyboardInterrupt within the block, but never in the middle of a transaction.

    A transaction that an interruption leaves halfway would lock the database until it times out; so one that comes
    while the database or its mirror is in use waits until that is done. One that falls into a destructor, where nobody
    hears it, is raised again. Outside the main thread, which alone receives signals, the block is as it is.

    Raises:
        KeyboardInterrupt: the program was interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ended = threading.Event()

    def once_more() -> None:
        if not ended.wait(0.05):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # it also ends a sleep

    def later() -> None:
        threading.Thread(target=once_more, name="once more", daemon=True).start()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if not in_critical_section():
            raise KeyboardInterrupt
        later()

    def again(unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_type is KeyboardInterrupt:
            later()
        else:
            unheard(unraisable)

    unheard, sys.unraisablehook = sys.unraisablehook, again
    handlers = {number: handler for number in SIGNALS if (handler := signal.getsignal(number)) not in _LEFT_ALONE}
    for number in handlers:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        ended.set()
        for number, handler in handlers.items():
            signal.signal(number, handler)
        sys.unraisablehook = unheard


@contextmanager
def exit_within(seconds: float, code: int, last_words: Callable[[], None]) -> Iterator[None]:
    """End this process if the block has not ended `seconds` after an interruption.

    Python runs signal handlers between byte codes of the main thread. A main thread that waits inside a library's
    native code (Ray's, once the same signal has ended its services) hears nothing for minutes. The C level handler
    still writes to a file descriptor, on which a thread waits here. Nothing is lost: the database has every trial.

    Args:
        seconds: grace for an orderly end.
        code: exit code if that fails.
        last_words: called, in another thread, before the process ends.

    Raises:
        KeyboardInterrupt: instead of what the block raises after an interruption.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread receives signals
        return
    received, ended = threading.Event(), threading.Event()
    reader, writer = socket.socketpair()
    writer.setblocking(False)

    def watch() -> None:
        while byte := reader.recv(1):
            if byte[0] in SIGNALS:
                received.set()
                if not ended.wait(seconds):
                    last_words()
                    os._exit(code)
                return

    watcher = threading.Thread(target=watch, name="interruption", daemon=True)
    previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    watcher.start()
    try:
        with interruptible():
            yield
    except Exception as error:
        # Services that the same signal has ended make calls fail before the interruption is raised here.
        if received.wait(0.2):
            raise KeyboardInterrupt from error
        raise
    finally:
        ended.set()
        signal.set_wakeup_fd(previous)
        writer.close()
        watcher.join()
        reader.close()
    if received.is_set():
        raise KeyboardInterrupt  # a library has swallowed it
