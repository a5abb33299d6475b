"""`scyc watch`."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from oracle.cli.app import FAILED, RESULTS, AsJson, DatabaseUrl, StudyName, app
from oracle.cli.speaking import err, out, print_json, say
from oracle.study.commands import command

if TYPE_CHECKING:
    from rich.console import RenderableType

    from oracle.results.status import StudyStatus
    from studies import LevelRecord

TERMINAL_EVERY, LINES_EVERY = 1.0, 30.0  # seconds


@app.command(rich_help_panel=RESULTS)
def watch(
    name: StudyName,
    db: DatabaseUrl = None,
    every: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="SECONDS",
            help="How often to look at the database. Default: every 1 s in a terminal, every 30 s elsewhere.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a study's progress until every level is decided. If the database stops answering, wait for it."""
    from oracle.api.defaults import database_url
    from oracle.results.silence import stuck_sentences
    from oracle.results.status import study_status
    from studies import Store, StudyUnavailable

    db = database_url(db)
    live = out.is_terminal and not as_json
    pause = every or (TERMINAL_EVERY if live else LINES_EVERY)
    with Store.open(db, read_only=True) as store, Live(console=out) if live else nullcontext() as screen:
        shown, away, former = None, False, None
        while True:
            try:
                seen = study_status(store, name)
                if former is None or seen.decided != former.decided:  # finding silent levels reads every trial
                    seen = study_status(store, name, silent=True)
                else:
                    seen = replace(seen, silent=former.silent)
            except StudyUnavailable as error:  # its server is away, for longer than a restart takes
                if not away:
                    say(err, f"{error} Trying again until it answers. Press Ctrl-C to stop watching.")
                away = True
                time.sleep(pause)
                continue
            if away:
                say(err, "The database answers again.")
            away, former = False, seen
            if screen is not None:
                screen.update(_picture(seen))
            elif as_json:
                print_json(seen.to_json())
            elif (line := _line(seen)) != shown:
                say(out, line)
                shown = line
            if seen.state == "finished":
                break
            if seen.state == "blocked":
                if seen.stuck:
                    say(err, stuck_sentences(len(seen.decided)))
                    raise typer.Exit(FAILED)
                say(
                    err,
                    f"Level {len(seen.decided)} of {name!r} cannot be decided: {seen.failed} of its trials failed, and "
                    "nobody is working on it. Fix the cause, then resume with "
                    f"`{command('resume', name, '--retry-failed', db=db)}`.",
                )
                raise typer.Exit(FAILED)
            time.sleep(pause)
    if not as_json:
        say(out, f"Every level is decided. See `{command('show', name, db=db)}`.")


def _line(seen: StudyStatus) -> str:
    last = seen.decided[-1] if seen.decided else None
    winner = ""
    if last is not None:
        silent = last.level in seen.silent
        winner = (
            " (the last one has no best max_lr)" if silent else f" (the last one's best max_lr is {last.winner:.3g})"
        )
    return (
        f"{len(seen.decided)} of {seen.levels} levels decided{winner}, {_trials(seen)}, {_time_left(seen)} left; "
        f"{_holder(seen)}"
    )


def _winner(level: LevelRecord, seen: StudyStatus) -> str:
    return "none" if level.level in seen.silent else f"{level.winner:.3g}"


def _picture(seen: StudyStatus) -> RenderableType:
    partly = seen.partly_pruned
    table = Table(
        "level",
        "density",
        *(["network"] if partly else []),
        "best max_lr",
        box=None,
        title=f"{seen.study}: {seen.state}",
    )
    for column in table.columns:
        column.justify = "right"
    for level in seen.decided:
        table.add_row(
            str(level.level),
            f"{level.density:.2%}",
            *([f"{partly.network_density(level.density):.2%}"] if partly else []),
            _winner(level, seen) + " edge" * level.edge,
        )
    silence = f", last heartbeat {seen.tenure.silence:.0f} s ago" if seen.tenure else ""
    return Group(
        table,
        ProgressBar(total=max(1, seen.total), completed=seen.ended, width=60),
        Text(f"{len(seen.decided)} of {seen.levels} levels decided, {_trials(seen)}, {_time_left(seen)} left"),
        Text(f"{_holder(seen)}{silence}"),
    )


def _trials(seen: StudyStatus) -> str:
    failed = f", {seen.failed} failed" if seen.failed else ""
    stopped = f", {seen.stopped} of them stopped early" if seen.stopped else ""
    return f"{seen.ended}/{seen.total} trials done{stopped}, {seen.pending} pending{failed}"


def _time_left(seen: StudyStatus) -> str:
    if seen.seconds_left is None:
        return "-"
    seconds = int(seen.seconds_left)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _holder(seen: StudyStatus) -> str:
    if seen.tenure is None:
        return "nobody is working on it"
    if seen.tenure.seconds_left <= 0:
        return f"{seen.tenure.holder} has stopped working on it: its lease has lapsed"
    return f"{seen.tenure.holder} is working on it"
