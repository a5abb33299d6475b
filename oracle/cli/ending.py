"""How a command that trains ends: what it says, and with which exit code."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from oracle.cli.app import FAILED, INTERRUPTED
from oracle.cli.speaking import command, err, out, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.cli.progress import ConsoleDisplay

GRACE = 6.0  # seconds that an interrupted command has for stopping its workers


@contextmanager
def training(again: str, *, as_json: bool) -> Iterator[ConsoleDisplay]:
    """Yield a display; what stops the block becomes a sentence that says how to resume, and an exit code.

    Args:
        again: the command that resumes it.
        as_json: progress goes to standard error, so that standard output holds JSON alone.

    Raises:
        typer.Exit: it was interrupted, failed trials are in the way, or its workers ended too soon.
    """
    from oracle.api.errors import TrialsFailed, WorkersEnded
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
    except TrialsFailed as error:
        say(err, f"{error.what} Fix the cause, then resume with `{again} --retry-failed`.")
        raise typer.Exit(FAILED) from None
    except WorkersEnded:
        say(
            err,
            "The workers ended before the study did: Ray may have been stopped, or has died. Nothing that was recorded "
            f"is lost. Resume with `{again}`.",
        )
        raise typer.Exit(FAILED) from None


def end_of_sweep(name: str, db: str, *, as_json: bool) -> None:
    """Say what can be done with a finished study, or print it as JSON."""
    if as_json:
        from oracle.api.study import Study
        from oracle.results.study_view import to_json

        print_json(to_json(Study(name, db).view()))
        return
    show, report = command("show", name, db=db), command("report", name, db=db)
    say(out, f"Every level is decided. See `{show}`, or write the report: `{report}`.")
