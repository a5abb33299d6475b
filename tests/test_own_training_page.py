"""What docs/own-training.md shows runs: its programs, its commands, its files."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import oracle
from oracle.trials.current import Exchange
from oracle.trials.trial import Facts
from scyc.profiles import ConstantProfile

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "own-training.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FILES = {found[1]: text for _, text in BLOCKS if (found := re.match(r"# (\S+\.\w+)\n", text))}
COMMANDS = re.findall(r"^    (\S.*)$", re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
[TRIAL] = [text for kind, text in BLOCKS if kind == "json"]


def run(command: str, folder: Path) -> str:
    """Run a shell command in a folder; return what it prints."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONWARNINGS": "error",
    }
    ended = subprocess.run(
        ["sh", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=240
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fresh folder with the page's files."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "trial.json").write_text(TRIAL)
    return tmp_path


@pytest.mark.slow
def test_the_ten_lines_train(folder: Path) -> None:
    assert "winner" in run("python mine.py", folder)
    curve = oracle.open_study("mine", f"sqlite:///{folder}/scyc.db").curve()
    assert curve["density"].round(2).tolist() == [1.0, 0.8, 0.64]
    assert (curve["val"] > 0.8).all()


@pytest.mark.slow
def test_its_commands_run(folder: Path) -> None:
    assert [command.split()[0] for command in COMMANDS] == ["scyc", "mkdir"]
    run(COMMANDS[0], folder)
    curve = oracle.open_study("command", f"sqlite:///{folder}/scyc.db").curve()
    assert curve["winner"].tolist() == [0.4, 0.4]
    assert 0 <= json.loads(run(COMMANDS[1], folder))["val"] < 3
    assert len(list(Exchange.within(folder).points())) == json.loads(TRIAL)["budget"]


def test_every_other_piece_of_python_can_be_read() -> None:
    pieces = [text for kind, text in BLOCKS if kind == "python"]
    assert len(pieces) > len(FILES) - 1
    for text in pieces:
        ast.parse(text)


def test_its_trial_file_is_that_of_a_command(tmp_path: Path) -> None:
    exchange = Exchange.within(tmp_path)
    exchange.begin(Facts(0, 0, 0.1, 1.0, None, tmp_path, ConstantProfile()))
    written = json.loads(exchange.trial.read_text())
    shown = json.loads(TRIAL)
    assert list(shown) == list(written)
    assert len(written["lr"]) == 1001
    assert all(f"`{key}`" in PAGE for key in written)
    assert Facts.from_dict(shown).bound is not None
    for key in written:  # one key per line, and no other line looks like it
        assert exchange.trial.read_text().splitlines().count(f' "{key}": {json.dumps(written[key])},') <= 1
        assert len(re.findall(rf'^ "{key}":', exchange.trial.read_text(), re.MULTILINE)) == 1


def test_the_readme_has_the_same_ten_lines() -> None:
    assert FILES["mine.py"] in (ROOT / "README.md").read_text(encoding="utf-8")
