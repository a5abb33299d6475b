"""`scyc watch`: how far a study is, live; it needs nothing but the database, and outlasts its restarts."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from oracle.cli.app import DEFAULT_DB, FAILED, AsJson, DatabaseUrl, StudyName, app, db_option, err, out, print_json, say
from oracle.glance import glance
from studies import Store, StudyUnavailable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from oracle.glance import Glance

TERMINAL_EVERY, LINES_EVERY = 1.0, 30.0  # seconds


@app.command()
def watch(
    name: StudyName,
    db: DatabaseUrl = DEFAULT_DB,
    every: Annotated[
        float | None,
        typer.Option(min=0.1, metavar="SECONDS", help="How often to look; 1 s in a terminal, 30 s elsewhere."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Watch a study from anywhere until every level is decided; a database that goes away is waited for."""
    live = out.is_terminal and not as_json
    pause = every or (TERMINAL_EVERY if live else LINES_EVERY)
    with Store.open(db, read_only=True) as store, Live(console=out) if live else nullcontext() as screen:
        shown, away = None, False
        while True:
            try:
                seen = glance(store, name)
            except StudyUnavailable as error:  # its server is away, for longer than a restart takes
                if not away:
                    say(err, f"{error} Trying again until it answers; press Ctrl-C to stop watching.")
                away = True
                time.sleep(pause)
                continue
            if away:
                say(err, "The database answers again.")
            away = False
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
                say(
                    err,
                    f"Level {len(seen.decided)} of {name!r} cannot be decided: {seen.failed} of its trials failed, and "
                    f"nobody works on it. Go on with `scyc resume {name}{db_option(db)} --retry-failed`.",
                )
                raise typer.Exit(FAILED)
            time.sleep(pause)
    if not as_json:
        say(out, f"Every level is decided. See `scyc show {name}{db_option(db)}`.")


def _line(seen: Glance) -> str:
    last = seen.decided[-1] if seen.decided else None
    winner = f" (the last one's best max_lr is {last.winner:.3g})" if last else ""
    return (
        f"{len(seen.decided)} of {seen.levels} levels decided{winner}, {_trials(seen)}, {_time_left(seen)} left; "
        f"{_holder(seen)}"
    )


def _picture(seen: Glance) -> RenderableType:
    table = Table("level", "density", "best max_lr", box=None, title=f"{seen.study}: {seen.state}")
    for column in table.columns:
        column.justify = "right"
    for level in seen.decided:
        table.add_row(str(level.level), f"{level.density:.2%}", f"{level.winner:.3g}{' edge' if level.edge else ''}")
    silence = f", last heartbeat {seen.tenure.silence:.0f} s ago" if seen.tenure else ""
    return Group(
        table,
        ProgressBar(total=max(1, seen.total), completed=seen.done, width=60),
        Text(f"{len(seen.decided)} of {seen.levels} levels decided, {_trials(seen)}, {_time_left(seen)} left"),
        Text(f"{_holder(seen)}{silence}"),
    )


def _trials(seen: Glance) -> str:
    failed = f", {seen.failed} failed" if seen.failed else ""
    return f"{seen.done}/{seen.total} trials done, {seen.pending} pending{failed}"


def _time_left(seen: Glance) -> str:
    if seen.seconds_left is None:
        return "-"
    seconds = int(seen.seconds_left)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _holder(seen: Glance) -> str:
    if seen.tenure is None:
        return "nobody works on it"
    if seen.tenure.seconds_left <= 0:
        return f"{seen.tenure.holder} works on it no more: its lease has lapsed"
    return f"{seen.tenure.holder} works on it"
