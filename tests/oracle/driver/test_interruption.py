"""An interruption that nobody hears is raised all the same."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

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


@pytest.mark.parametrize("module", ["studies.outcomes", "oracle.driver.optuna_mirror"])
def test_a_call_that_uses_the_database_is_not_interrupted(module: str) -> None:
    ended = interrupted(call_of(module))
    assert ended.stdout.split() == ["written", "interrupted"]


@pytest.mark.parametrize("module", ["studies.retrying", "oracle.driver.oracle_run", "optuna.storages"])
def test_other_calls_are(module: str) -> None:
    assert interrupted(call_of(module)).stdout.split() == ["interrupted"]


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


def test_errors_without_an_interruption_stay_what_they_are() -> None:
    assert "OSError" in interrupted("raise OSError").stderr
