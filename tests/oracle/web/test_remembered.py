"""What takes long is worked out once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from oracle.web.remembered import Remembered


def test_many_who_ask_at_once_wait_for_one() -> None:
    known, begun, released, asked = Remembered(4), Event(), Event(), list[int]()

    def work() -> str:
        asked.append(1)
        begun.set()
        assert released.wait(20)
        return "found"

    with ThreadPoolExecutor(10) as pool:
        waiting = [pool.submit(known.get, "key", work) for _ in range(10)]
        assert begun.wait(20)
        released.set()
        assert [one.result(20) for one in waiting] == ["found"] * 10
    assert asked == [1]


def test_whoever_is_impatient_gets_it_later() -> None:
    known, released, done = Remembered(4), Event(), Event()

    def work() -> int:
        assert released.wait(20)
        done.set()
        return 7

    assert known.soon("key", work, 0.0) is None
    released.set()
    assert done.wait(20)
    assert known.soon("key", work, 20) == 7
    assert known.get("key", lambda: 8) == 7


def test_failures_are_forgotten() -> None:
    known = Remembered(4)

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        known.get("key", fail)
    with pytest.raises(ValueError, match="no"):
        known.soon("key", fail, 20)
    assert known.get("key", lambda: 1) == 1


def test_only_so_many_are_kept_the_latest_used() -> None:
    known = Remembered(2)
    known.get("a", lambda: 1)
    known.get("b", lambda: 1)
    known.get("a", lambda: 2)
    known.get("c", lambda: 1)
    assert known.get("a", lambda: 3) == 1
    assert known.get("b", lambda: 3) == 3
