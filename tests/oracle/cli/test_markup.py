"""Names that look like markup, emoji or a shell's signs are shown as they are."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from oracle.cli import speaking
from oracle.cli.commands.compare import _table as comparison_table
from oracle.cli.commands.show import _table as study_table
from oracle.cli.commands.studies_list import list_studies
from oracle.cli.commands.watch import _picture
from oracle.cli.progress import PlainProgress, RunsProgress
from oracle.execution.messages import Failure, TrialRequest
from oracle.spec.model import Spec
from studies import Store
from tests.oracle.report import comparisons, samples

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["[red]", "[/]", "[bold]x[/bold]", "[link=http://x]y", ":smile:", "it's $HOME"]

pytestmark = pytest.mark.parametrize("name", NAMES)


def test_consoles_print_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for console in (speaking.out, speaking.err):
        console.print(name)
        speaking.say(console, name)
    printed = capsys.readouterr()
    assert printed.out.split("\n") == printed.err.split("\n") == [name, name, ""]


def test_tables_show_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    view = replace(samples.finished(2), name=name)
    found = comparisons.full()
    run = next(iter(found.runs.values()))
    speaking.out.print(study_table(view))
    speaking.out.print(comparison_table(replace(found, study=name, runs={name: run})))
    speaking.out.print(_picture(replace(view.status, study=name)))
    assert capsys.readouterr().out.count(name) == 4


def test_lists_show_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with Store.open("sqlite:///scyc.db") as store:
        store.create_study(name.replace("/", "|"), Spec().to_dict(), "h", "/a", {})
        store.create_study("unreadable", {"levels": name}, "h", "/a", {})
    list_studies("sqlite:///scyc.db")
    assert name.replace("/", "|") in capsys.readouterr().out


def test_progress_shows_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    request = TrialRequest(1, 0, 0, 0.1, None, None, run_id=7)
    with RunsProgress(speaking.out, {7: name}) as runs, PlainProgress(Console(), Spec(), 0) as sweep:
        runs.trials_expected(3)
        for shown in (runs, sweep):
            shown.trial_retried(request, Failure(f"ValueError: {name}"))
            shown.trial_ended(request, Failure(f"ValueError: {name}"))
    assert capsys.readouterr().out.count(name) == 1 + 2 * 2 + 2


def test_hints_quote_it(name: str) -> None:
    from oracle.study.commands import command

    assert shlex.split(command("show", name, db="sqlite:///scyc.db"))[2] == name
