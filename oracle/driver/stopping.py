"""Stopping a driver from elsewhere: it hands out nothing more, and what is under way ends by itself or at once."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oracle.execution.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.execution import TrialSource
    from oracle.execution.messages import Answer, Request
    from studies import Wish


class StopSignal:
    """Whether a driver was asked to stop, and how. The thread that looks for that sets it, others read it.

    Attributes:
        wish: how; None if nobody has asked.
        gate: closed once somebody has.
    """

    def __init__(self) -> None:
        self.wish: Wish | None = None
        self.gate = Gate()
        self._interruptible: int | None = None

    def ask(self, wish: Wish) -> None:
        """Hand out nothing more, from the moment that this returns; to cancel, interrupt what is under way."""
        self.gate.close()
        news, self.wish = self.wish != wish, wish
        if news and wish == "cancel" and self._interruptible is not None:
            signal.pthread_kill(self._interruptible, _heard())

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Within the block, which is `interruptible`, a wish to cancel raises KeyboardInterrupt in the main thread."""
        if threading.current_thread() is threading.main_thread():
            self._interruptible = threading.main_thread().ident
        try:
            yield
        finally:
            self._interruptible = None


class Stoppable:
    """A source behind the gate of a stop signal."""

    def __init__(self, source: TrialSource, stop: StopSignal) -> None:
        self.source, self.gate = source, stop.gate

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train."""
        return self.source.finished

    def next(self, most: int = 1) -> Sequence[Request]:
        """Return up to `most` requests."""
        return self.source.next(most)

    def record(self, answers: Sequence[tuple[Request, Answer]], /) -> None:
        """Pass answers on."""
        self.source.record(answers)


def _heard() -> signal.Signals:
    """Return the signal that Python hears: a process that a shell started in the background ignores SIGINT."""
    return signal.SIGTERM if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else signal.SIGINT
