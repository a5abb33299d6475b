"""A memory of what takes long to work out: a page shows the same study again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class Remembered(Generic[Result]):
    """Results by the digest of what they were worked out from; the oldest are forgotten.

    Args:
        most: how many are kept, >= 1.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: dict[bytes, Result] = {}

    def get(self, key: bytes, work_out: Callable[[], Result]) -> Result:
        """Return the result under a key; the first time it is worked out."""
        if key not in self._found:
            found = work_out()
            while len(self._found) >= self._most:
                self._found.pop(next(iter(self._found)))
            self._found[key] = found
        return self._found[key]
