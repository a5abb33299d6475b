"""The command line, called in this process."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from oracle.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Scyc = "Callable[..., Ended]"


@pytest.fixture
def scyc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Ended]]:
    """Run `scyc` with these arguments in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCYC_DB", raising=False)
    monkeypatch.setattr(
        "oracle.driver.engine_choice.choose", lambda *_: "eager"
    )  # large networks take a minute to be timed
    handler = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["scyc", *arguments])
        with pytest.raises(SystemExit) as exit_:
            main()
        code = exit_.value.code
        assert isinstance(code, int)
        return Ended(code, *capsys.readouterr())

    yield run
    signal.signal(signal.SIGTERM, handler)
