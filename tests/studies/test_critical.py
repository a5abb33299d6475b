"""What is not interrupted halfway, and what is all the same."""

from __future__ import annotations

from threading import Thread

import pytest

from studies import Store, in_critical_section, retrying, uninterruptible
from studies.critical import interruptible
from studies.errors import TryAgain


def test_blocks_within_blocks() -> None:
    assert not in_critical_section()
    with uninterruptible():
        with uninterruptible():
            assert in_critical_section()
        assert in_critical_section()
        with interruptible():
            assert not in_critical_section()
            with uninterruptible():
                assert in_critical_section()
        assert in_critical_section()
    assert not in_critical_section()


def test_an_error_ends_it() -> None:
    with pytest.raises(OSError, match="broken"), uninterruptible(), interruptible(), uninterruptible():
        raise OSError("broken")
    assert not in_critical_section()


def test_as_a_decorator_it_holds_for_every_call() -> None:
    asked = uninterruptible()(in_critical_section)
    assert [asked(), asked()] == [True, True]
    assert not in_critical_section()


def test_every_thread_is_for_itself() -> None:
    found: list[bool] = []
    with uninterruptible():
        thread = Thread(target=lambda: found.append(in_critical_section()))
        thread.start()
        thread.join()
    assert found == [False]


@pytest.mark.parametrize("transaction", ["read", "write", "migration"])
def test_transactions(store: Store, transaction: str) -> None:
    for _ in range(2):
        with getattr(store._database, transaction)():
            assert in_critical_section()
        assert not in_critical_section()


def test_a_pause_before_another_try_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[bool] = []
    monkeypatch.setattr(retrying, "sleep", lambda _: found.append(in_critical_section()))

    def away_once() -> None:
        if not found:
            raise TryAgain("The database is away; wait a moment.")

    with uninterruptible():
        retrying.persist(away_once, retrying.Patience())
        assert in_critical_section()
    assert found == [False]
