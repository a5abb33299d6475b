"""The packages' types, as a project outside sees them that has installed the wheel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("scyc", "studies", "oracle")
OUTSIDE = """
import oracle
from scyc import SCyc
from studies import TrialResult

reveal_type(SCyc(delta=0.03, epsilon=0.04)(3))
study = oracle.sweep(oracle.Spec(), name="s", workers=2, levels=3)
reveal_type(study)
reveal_type(study.status.state)
reveal_type(study.schedule("fitted")(4))
SCyc("steep", 0.04)
TrialResult()
oracle.sweep(workers="two")
"""


SAID = [
    (6, "note", 'Revealed type is "float"'),
    (8, "note", 'Revealed type is "oracle.api.study.Study"'),
    (9, "note", 'Revealed type is "Literal['),
    (10, "note", 'Revealed type is "float"'),
    (11, "error", 'Argument 1 to "SCyc" has incompatible type "str"; expected "float"'),
    (12, "error", 'Missing positional arguments "val"'),
    (13, "error", 'Argument "workers" to "sweep" has incompatible type "str"'),
]


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


@pytest.mark.slow
def test_types_are_seen_from_outside(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text(OUTSIDE)
    alone = tmp_path / "python"  # without what is installed here: PyTorch takes mypy many seconds
    alone.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    alone.chmod(0o755)
    mypy = [sys.executable, "-m", "mypy", "--config-file=", f"--python-executable={alone}", "--cache-dir=/dev/null"]
    found = run([*mypy, "outside.py"], tmp_path, PYTHONPATH=str(installed)).stdout
    assert "import-untyped" not in found
    said = re.findall(r"outside\.py:(\d+): (\w+): (.*)", found)
    assert [
        (int(line), kind, text[: len(start)]) for (line, kind, text), (_, _, start) in zip(said, SAID, strict=True)
    ] == SAID
