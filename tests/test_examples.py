"""The examples run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_a_training_loop_of_ones_own_prunes_and_follows_the_schedule() -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLES / "training_loop.py"), "--levels", "4", "--epochs", "3"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == 0, ended.stderr
    found = re.findall(r"level (\d): density ([\d.]+)%, max_lr ([\d.]+), accuracy ([\d.]+)%", ended.stdout)
    assert [(level, density) for level, density, _, _ in found] == [
        ("0", "100.0"),
        ("1", "80.0"),
        ("2", "64.0"),
        ("3", "51.2"),
    ]
    rates = [float(rate) for _, _, rate, _ in found]
    assert rates == sorted(rates)
    assert all(float(accuracy) > 20 for *_, accuracy in found)
