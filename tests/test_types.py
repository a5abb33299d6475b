"""The packages' types, as a project outside sees them that has installed the wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("scyc", "studies", "oracle")
OUTSIDE = """
from oracle.spec import PruningSpec
from scyc import SCyc
from studies import TrialResult

reveal_type(SCyc(delta=0.03, epsilon=0.04)(3))
reveal_type(PruningSpec.build)
SCyc("steep", 0.04)
TrialResult()
"""


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel installs."""
    folder = tmp_path_factory.mktemp("installed")
    built = run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)], ROOT)
    assert built.returncode == 0, built.stderr
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(folder)
    return folder


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_says_that_it_has_types(installed: Path, package: str) -> None:
    assert (installed / package / "py.typed").is_file()


def test_types_are_seen_from_outside(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text(OUTSIDE)
    alone = tmp_path / "python"  # without what is installed here: PyTorch takes mypy many seconds
    alone.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    alone.chmod(0o755)
    mypy = [sys.executable, "-m", "mypy", "--config-file=", f"--python-executable={alone}", "--cache-dir=/dev/null"]
    found = run([*mypy, "outside.py"], tmp_path, PYTHONPATH=str(installed)).stdout
    assert "import-untyped" not in found
    assert '6: note: Revealed type is "float"' in found
    assert "-> scyc.protocol.Pruning" in found
    assert '8: error: Argument 1 to "SCyc" has incompatible type "str"; expected "float"' in found
    assert '9: error: Missing positional arguments "val_accuracy"' in found
