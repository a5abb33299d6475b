"""What a command shows while it trains: a live bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from oracle.cli.speaking import err, say
from oracle.driver.events import Listener
from oracle.execution.messages import Failure, Outcome, TrialRequest
from oracle.results.silence import NO_WINNER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from rich.console import Console

    from oracle.execution.messages import Stopped
    from oracle.results.silence import Silence
    from oracle.spec.model import Spec

LINES_PER_LEVEL = 3


class ConsoleDisplay:
    """Shows progress on a console.

    Args:
        console: where to print.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._shown: PlainProgress | RunsProgress | None = None

    @property
    def done(self) -> int | None:
        """How many trials are complete or stopped; None as long as that is not known."""
        return self._shown.done if self._shown is not None else None

    def sweep(self, spec: Spec, recorded: int) -> PlainProgress:
        """Show an oracle run."""
        self._shown = (LiveProgress if self.console.is_terminal else PlainProgress)(self.console, spec, recorded)
        return self._shown

    def runs(self, names: Mapping[int, str]) -> RunsProgress:
        """Show runs of schedules."""
        self._shown = RunsProgress(self.console, names)
        return self._shown

    def data(self, line: str) -> None:
        """Print it on standard error."""
        say(err, f"Data: {line}")

    def warn(self, sentence: str) -> None:
        """Print it on standard error; if that is the terminal of the bar, then above the bar."""
        say(self.console if self.console.is_terminal and err.is_terminal else err, sentence)

    def say(self, sentence: str) -> None:
        """Print a sentence."""
        self.console.print(sentence, markup=False, highlight=False, soft_wrap=True)


class PlainProgress(Listener):
    """One line per decided level and a few in between, for logs, pipes and batch systems.

    Args:
        console: where to print.
        spec: of the study.
        recorded: how many trials were complete or stopped in the database at the start.
    """

    def __init__(self, console: Console, spec: Spec, recorded: int) -> None:
        self.console, self.levels, self.done, self.metric = console, spec.levels, recorded, spec.metric
        self.per_level = spec.trials_per_level
        self.level = self.pending = self.ended = 0
        self.best: tuple[float, float] | None = None  # (score, max_lr) of the level's best trial
        self.started = time.monotonic()

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def level_started(self, level: int, density: float) -> None:
        """Begin a level."""
        self.level, self.density, self.pending, self.best = level, density, 0, None

    def trials_proposed(self, count: int) -> None:
        """Count trials that must still be trained."""
        self.pending += count

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
        """Count a trial."""
        self.pending -= 1
        self.ended += 1
        if isinstance(outcome, Failure):
            self.say(f"[red]A trial failed[/red] ({_which(request)}): {escape(outcome.reason)}")
            return
        self.done += 1
        if not outcome.result.diverged and outcome.result.val is not None:
            self.best = max(self.best or (-math.inf, 0.0), (self.metric.score(outcome.result.val), request.max_lr))
        self.advanced()

    def trial_stopped(self, request: TrialRequest, stopped: Stopped) -> None:  # noqa: ARG002
        """Count a trial: nothing is left to do for it."""
        self.pending -= 1
        self.ended += 1
        self.done += 1
        self.advanced()

    def trial_retried(self, request: TrialRequest, failure: Failure) -> None:
        """Say that an attempt failed."""
        self.say(f"An attempt failed; the trial is trained again ({_which(request)}): {escape(failure.reason)}")

    def level_decided(self, level: int, winner: float, val: float, edge: bool, former: float | None) -> None:
        """Say who won."""
        changed = f" [yellow](was {former:.3g})[/yellow]" if former not in (None, winner) else ""
        reached = f"validation {self.metric.name} {self.metric.write(val, more=1, space='')}"
        flag = changed + (" [yellow](on the edge of the candidates)[/yellow]" if edge else "")
        self.say(
            f"level {level:2d}  density {self.density:7.2%}  best max_lr {winner:.3g}{flag}  "
            f"{reached}  {self.done}/{self.total} trials  {self.time_left} left"
        )

    def level_silent(self, level: int, chosen: float, silence: Silence) -> None:
        """Say why nobody won."""
        self.say(
            f"level {level:2d}  density {self.density:7.2%}  [yellow]no best max_lr: {NO_WINNER[silence]}[/yellow]; "
            f"the next level starts from {chosen:.3g}  {self.done}/{self.total} trials  {self.time_left} left"
        )

    def advanced(self) -> None:
        """Say how far the level is, now and then."""
        if self.pending and self.ended % max(1, self.per_level // LINES_PER_LEVEL) == 0:
            self.say(f"level {self.level:2d}  {self.done}/{self.total} trials  {self.time_left} left")

    def say(self, line: str) -> None:
        """Print a line with markup."""
        self.console.print(Text.from_markup(line, emoji=False), highlight=False, soft_wrap=True)

    @property
    def total(self) -> int:
        """Number of trials of the whole sweep, as far as it is known: widening adds to it."""
        return self.done + self.pending + (self.levels - self.level - 1) * self.per_level

    @property
    def time_left(self) -> str:
        """Minutes and seconds at the pace so far."""
        if not self.ended:
            return "-"
        seconds = (time.monotonic() - self.started) / self.ended * (self.total - self.done)
        return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class LiveProgress(PlainProgress):
    """A bar at the bottom of the terminal, with the decided levels above it."""

    def __enter__(self) -> LiveProgress:
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[best]}"),
            TextColumn("{task.fields[left]} left"),
            console=self.console,
            transient=True,
        )
        self.task = self.bar.add_task("starting", total=None, best="", left="-")
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def advanced(self) -> None:
        """Move the bar."""
        best = (
            f"best so far {self.metric.write(self.metric.value(self.best[0]), space='')} at {self.best[1]:.3g}"
            if self.best
            else ""
        )
        self.bar.update(
            self.task,
            description=f"level {self.level} of 0-{self.levels - 1}",
            completed=self.done,
            total=self.total,
            best=best,
            left=self.time_left,
        )


class RunsProgress(Listener):
    """Runs of schedules: a bar in a terminal, elsewhere a line now and then.

    Args:
        console: where to print.
        names: the runs' names, by their row in the database.
    """

    def __init__(self, console: Console, names: Mapping[int, str]) -> None:
        self.console, self.names, self.done, self.total = console, names, 0, 0
        self.started = time.monotonic()
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self.task = self.bar.add_task("starting", total=None)
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def trials_expected(self, count: int) -> None:
        """Say how many trials must still be trained."""
        self.total = count
        self.bar.update(self.task, total=count)
        self._say(f"{escape(', '.join(self.names.values()))}: {count} trials to train")

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:
        """Count a trial."""
        if isinstance(outcome, Failure):
            self._say(f"[red]A trial failed[/red] ({self._which(request)}): {escape(outcome.reason)}")
            return
        self.done += 1
        self.bar.update(self.task, completed=self.done, description=f"level {request.level}")
        if not self.console.is_terminal and self.done % max(1, self.total // 10) == 0:
            left = (time.monotonic() - self.started) / self.done * (self.total - self.done)
            self._say(f"{self.done}/{self.total} trials  {int(left) // 60}:{int(left) % 60:02} left")

    def trial_retried(self, request: TrialRequest, failure: Failure) -> None:
        """Say that an attempt failed."""
        self._say(f"An attempt failed; the trial is trained again ({self._which(request)}): {escape(failure.reason)}")

    def _which(self, request: TrialRequest) -> str:
        return f"{escape(self.names[request.run_id])}, {_which(request)}"

    def _say(self, line: str) -> None:
        self.console.print(Text.from_markup(line, emoji=False), highlight=False, soft_wrap=True)


def _which(request: TrialRequest) -> str:
    return f"level {request.level}, seed {request.seed}, max_lr {request.max_lr:g}"
