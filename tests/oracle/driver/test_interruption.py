"""An interruption that nobody hears is raised all the same."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from studies import Store

if TYPE_CHECKING:
    from pathlib import Path

PREAMBLE = """
    import os, signal, sys, time, weakref
    from oracle.driver.interruption import exit_within

    def interrupt():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)

    def last_words():
        print("last words", flush=True)
"""


def interrupted(block: str, seconds: float = 30.0) -> subprocess.CompletedProcess[str]:
    """Run a block under `exit_within` in a process of its own."""
    script = textwrap.dedent(PREAMBLE) + textwrap.dedent(
        """
        try:
            with exit_within({seconds}, 130, last_words):
        {block}
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        """
    ).format(seconds=seconds, block=textwrap.indent(textwrap.dedent(block), " " * 8))
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "block",
    [
        pytest.param("interrupt()", id="plain"),
        pytest.param("try: interrupt()\nexcept KeyboardInterrupt: pass", id="swallowed"),
        pytest.param("try: interrupt()\nexcept KeyboardInterrupt: raise OSError from None", id="turned-into-an-error"),
        pytest.param(
            "class Thing: __del__ = lambda self: interrupt()\nThing()\ntime.sleep(20)\nprint('deaf')",
            id="in-a-destructor",
        ),
        pytest.param(
            "thing = set()\nreference = weakref.ref(thing, lambda _: interrupt())\n"
            "del thing\ntime.sleep(20)\nprint('deaf')",
            id="in-a-weak-reference's-callback",
        ),
    ],
)
def test_an_interruption_ends_the_block(block: str) -> None:
    ended = interrupted(block)
    assert ended.stdout.split()[-1] == "interrupted"
    assert "deaf" not in ended.stdout
    assert ended.stderr == ""
    assert ended.returncode == 0


def call_of(module: str) -> str:
    """A block in which an interruption falls into a function of some module."""
    source = "def write(): os.kill(os.getpid(), signal.SIGINT); time.sleep(0.2); print('written', flush=True)"
    there = f"there = {{'__name__': {module!r}, 'os': os, 'signal': signal, 'time': time}}"
    return f"{there}\nexec({source!r}, there)\nthere['write']()\ntime.sleep(20)"


@pytest.mark.parametrize(
    "module", ["studies.outcomes", "studies.retrying", "oracle.driver.optuna_mirror", "optuna.storages"]
)
def test_what_a_module_is_called_does_not_count(module: str) -> None:
    assert interrupted(call_of(module)).stdout.split() == ["interrupted"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "transaction",
    [
        pytest.param("database.read()", id="read"),
        pytest.param("database.write()", id="write"),
        pytest.param("database.migration()", id="migration"),
    ],
)
def test_a_transaction_is_not_interrupted(transaction: str) -> None:
    ended = interrupted(
        f"""
        from studies import Store
        database = Store.open("sqlite://")._database
        with {transaction} as connection:
            interrupt()
            connection.exec_driver_sql("SELECT 1")
            print("done", flush=True)
        time.sleep(20)
        """
    )
    assert ended.stdout.split() == ["done", "interrupted"]


def test_what_was_interrupted_is_committed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/scyc.db"
    ended = interrupted(
        f"""
        from sqlalchemy import event
        from studies import Store
        store = Store.open({url!r})
        event.listen(store._database._engine, "commit", lambda _: interrupt())
        store.create_study("s", {{}}, "h", "/a", {{}})
        time.sleep(20)
        """
    )
    assert ended.stdout.split() == ["interrupted"]
    with Store.open(url) as store:
        assert [study.name for study in store.studies()] == ["s"]


def test_the_mirror_is_not_interrupted() -> None:
    ended = interrupted(
        """
        from oracle.driver.optuna_mirror import OptunaMirror
        mirror = object.__new__(OptunaMirror)
        mirror.working = True
        mirror._guarded(lambda: (interrupt(), print("mirrored", flush=True)))
        time.sleep(20)
        """
    )
    assert ended.stdout.split() == ["mirrored", "interrupted"]


def test_waiting_for_a_database_that_is_away_is() -> None:
    ended = interrupted(
        """
        import threading
        from studies import uninterruptible
        from studies.errors import TryAgain
        from studies.retrying import Patience, persist
        def away():
            raise TryAgain("The database is away; wait a moment.")
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        with uninterruptible():
            persist(away, Patience())
        """
    )
    assert ended.stdout.split() == ["interrupted"]


def test_an_ignored_signal_stays_ignored() -> None:
    script = """
        import os, signal
        from oracle.driver.interruption import exit_within
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with exit_within(30, 130, print):
            os.kill(os.getpid(), signal.SIGINT)
        print("done", signal.getsignal(signal.SIGINT).name)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stdout.strip() == "done SIG_IGN", ended.stderr


def test_a_block_that_cannot_be_interrupted_is_ended() -> None:
    ended = interrupted("signal.signal(signal.SIGINT, lambda *_: None)\ninterrupt()\ntime.sleep(30)", seconds=0.3)
    assert ended.stdout == "last words\n"
    assert ended.returncode == 130


def test_a_forked_process_that_stays_does_not_hold_up_the_end() -> None:
    ended = interrupted(
        """
        forked = os.fork()
        if forked == 0:
            [os.close(stream) for stream in (1, 2)]
            time.sleep(300)
            os._exit(0)
        import threading
        stop = threading.Timer(20, os._exit, (1,))
        stop.daemon = True
        stop.start()
        """
    )
    assert ended.returncode == 0, ended.stderr


def test_errors_without_an_interruption_stay_what_they_are() -> None:
    assert "OSError" in interrupted("raise OSError").stderr


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_a_signal_to_a_forked_process_is_none_to_the_driver(number: str) -> None:
    ended = interrupted(
        f"""
        forked = os.fork()
        if forked == 0:
            time.sleep(30)
            os._exit(0)
        os.kill(forked, signal.{number})
        _, status = os.waitpid(forked, 0)
        time.sleep(0.3)
        print(os.waitstatus_to_exitcode(status) == -signal.{number})
        """
    )
    assert (ended.stdout.split(), ended.stderr) == (["True"], "")
