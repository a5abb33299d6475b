"""A thread of the user's own that never ends does not keep the command from ending."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys, threading, time
from oracle.cli import main

threading.Thread(target=time.sleep, args=(300,)).start()
sys.argv = ["scyc", *{words}]
main()
"""


@pytest.mark.parametrize(("words", "code"), [(["presets", "list"], 0), (["nosuch"], 2), (["presets", "show", "no"], 2)])
def test_a_command_ends_with_its_code(words: list[str], code: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(words=words)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == code, ended.stderr
    assert ended.stdout or ended.stderr
