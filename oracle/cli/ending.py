"""How a command that trains ends: what it says, and with which exit code."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from oracle.cli.app import FAILED, INTERRUPTED
from oracle.cli.speaking import err, out, print_json, say
from oracle.study.commands import command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.cli.progress import ConsoleDisplay

GRACE = 6.0  # seconds that an interrupted command has for stopping its workers


@contextmanager
def training(again: str, *, as_json: bool) -> Iterator[ConsoleDisplay]:
    """Yield a display. Whatever stops the block becomes an exit code, and a sentence that says how to resume.

    Args:
        again: the command that resumes the study.
        as_json: show progress on standard error, so that standard output holds only JSON.

    Raises:
        typer.Exit: the command was interrupted, failed trials block the study, or its workers ended too soon.
    """
    from oracle.api.errors import StoppedOnRequest, TrialsFailed, WorkersEnded
    from oracle.cli.progress import ConsoleDisplay
    from oracle.driver.interruption import exit_within

    display = ConsoleDisplay(err if as_json else out)

    def interrupted() -> None:
        recorded = "" if display.done is None else f" {display.done} trials are in the database."
        say(err, f"Interrupted.{recorded} Resume with `{again}`.")

    try:
        with exit_within(GRACE, INTERRUPTED, interrupted):
            yield display
    except KeyboardInterrupt:
        interrupted()
        raise typer.Exit(INTERRUPTED) from None
    except StoppedOnRequest as error:
        say(err, f"{error.what} Resume with `{again}`.")
        raise typer.Exit(INTERRUPTED) from None
    except TrialsFailed as error:
        say(err, f"{error.what} Fix the cause, then resume with `{again} --retry-failed`.")
        raise typer.Exit(FAILED) from None
    except WorkersEnded as error:
        say(err, f"{error.what} Resume with `{again}`.")
        raise typer.Exit(FAILED) from None


def end_of_sweep(name: str, db: str, *, as_json: bool) -> None:
    """Say what to do next with a finished study, or print it as JSON."""
    if as_json:
        from oracle.api.study import Study
        from oracle.results.plain import to_json

        print_json(to_json(Study(name, db).view()))
        return
    show, report = command("show", name, db=db), command("report", name, db=db)
    say(out, f"Every level is decided. See `{show}`, or write the report: `{report}`.")
