"""The trial of a command."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

import oracle
from oracle.trials.current import VARIABLE, Exchange
from oracle.trials.curve import Bound, Point
from scyc import InputError
from tests.oracle.trials.test_trial import facts


@pytest.fixture
def exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exchange:
    found = Exchange.within(tmp_path)
    found.begin(facts(Bound(3, 9, 0.4, "max")))
    monkeypatch.setenv(VARIABLE, str(found.trial))
    return found


def test_every_process_finds_the_same_trial(exchange: Exchange) -> None:
    first, second = oracle.current_trial(), oracle.current_trial()
    assert first.facts == second.facts == facts(Bound(3, 9, 0.4, "max"))


def test_what_it_says_arrives(exchange: Exchange) -> None:
    trial = oracle.current_trial()
    trial.report(0.5, train_loss=1.5)
    trial.report(math.nan)
    assert list(exchange.points()) == [Point(0, 0.5, 1.5), Point(1, None)]
    assert exchange.returned() is None
    trial.finish(0.75, test=0.7)
    assert exchange.returned() == {"val": 0.75, "test": 0.7, "spent": None}
    trial.finish(math.inf)
    assert exchange.returned()["val"] == math.inf


def test_several_processes_may_report(exchange: Exchange) -> None:
    trials = [oracle.current_trial() for _ in range(3)]
    for trial in trials:
        trial.report(0.5)
    for trial in trials:
        with pytest.raises(oracle.Stop):
            trial.report(0.3, step=4)
    assert [point.step for point in exchange.points()] == [0, 0, 0, 4, 4, 4]


def test_a_line_that_was_being_written_does_not_count(exchange: Exchange) -> None:
    oracle.current_trial().report(0.5)
    with exchange.reports.open("ab") as file:
        file.write(b'{"step": 1, "va')
    assert list(exchange.points()) == [Point(0, 0.5)]


def test_other_languages_can_say_that_a_value_is_not_finite(exchange: Exchange) -> None:
    exchange.reports.write_text('{"step": 0, "val": null}\n')
    exchange.result.write_text('{"val": null}')
    assert list(exchange.points()) == [Point(0, None)]
    assert math.isnan(exchange.returned()["val"])


@pytest.mark.parametrize(
    "line", ["nonsense", "[1]", '{"step": 0}', '{"step": "a", "val": 1}', '{"val": 1, "step": 1, "x": 2}']
)
def test_a_line_that_is_no_report_is_said(line: str, exchange: Exchange) -> None:
    exchange.reports.write_text(f"{line}\n")
    with pytest.raises(InputError, match="step"):
        list(exchange.points())


def test_a_result_that_is_not_json_is_said(exchange: Exchange) -> None:
    exchange.result.write_text("0.5 or so")
    with pytest.raises(InputError, match="result is not JSON"):
        exchange.returned()


def test_outside_of_a_trial_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(InputError, match=r"trains no trial.*section \[trial\]"):
        oracle.current_trial()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(InputError, match="cannot be read"):
        oracle.current_trial()
    (tmp_path / "other").write_text(json.dumps({"scyc_trial": 2, "reports": "", "result": ""}))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "other"))
    with pytest.raises(InputError, match="another version"):
        oracle.current_trial()


def test_it_imports_nothing_heavy(exchange: Exchange) -> None:
    code = (
        "import sys, oracle; trial = oracle.current_trial(); trial.report(0.5); trial.finish(0.5); "
        "print([name for name in ('torch', 'numpy', 'pydantic', 'sqlalchemy', 'ray') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
