"""Interruptions: the program stops soon and leaves no half transaction, even if Python does not see the signal."""

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

_LEFT_ALONE = (signal.SIG_IGN, None)  # None: the handler was not set by Python


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise KeyboardInterrupt within the block, but never in the middle of a transaction.

    A half transaction would lock the database until it times out. So an interruption waits while the database or its
    mirror is in use. An interruption inside a destructor, where Python ignores exceptions, is raised again later. Only
    the main thread receives signals; in other threads this does nothing.

    Raises:
        KeyboardInterrupt: the program was interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ended = threading.Event()

    def once_more() -> None:
        if not ended.wait(0.05):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # a signal also ends a sleep

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

    Python runs signal handlers between two byte codes of the main thread. A main thread that waits inside a library's
    native code (Ray's, after the same signal has ended its services) may not run them for minutes. But Python's handler
    in C still writes to a file descriptor, and a thread waits on that here. No trial is lost: the database has them.

    Args:
        seconds: how long the block has for an orderly end.
        code: exit code if it does not end in time.
        last_words: called in another thread before the process ends.

    Raises:
        KeyboardInterrupt: in place of whatever the block raises after an interruption.
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
        # The same signal may end services that the block calls: then a call fails before the interruption arrives.
        if received.wait(0.2):
            raise KeyboardInterrupt from error
        raise
    finally:
        ended.set()
        signal.set_wakeup_fd(previous)
        writer.shutdown(socket.SHUT_RDWR)  # a forked process may hold it too, so closing alone would not end the wait
        writer.close()
        watcher.join()
        reader.close()
    if received.is_set():
        raise KeyboardInterrupt  # a library has caught the first one


class _Forks:
    """Lets a forked process die of signals, and tell the driver nothing of them, whose files it shares.

    Signals wait until that is so.
    """

    def __init__(self) -> None:
        self._mask: set[int] = set()
        os.register_at_fork(before=self._before, after_in_parent=self._unblock, after_in_child=self._forked)

    def _before(self) -> None:
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)

    def _forked(self) -> None:
        for number in SIGNALS:
            if getattr(signal.getsignal(number), "__module__", None) == __name__:
                signal.signal(number, signal.SIG_DFL)
                signal.set_wakeup_fd(-1)
        self._unblock()

    def _unblock(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)


_Forks()
