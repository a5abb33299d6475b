"""Where progress is shown: nowhere, or as a bar. The command line has its own displays."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from oracle.driver.events import Listener
from oracle.execution.messages import Failure
from oracle.results.silence import NO_WINNER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from oracle.execution.messages import Outcome, Stopped, TrialRequest
    from oracle.results.silence import Silence
    from oracle.spec.model import Spec


class Display(Protocol):
    """Shows how far a study is while it is trained."""

    def data(self, line: str) -> None:
        """Show what the data hold, before any work starts."""
        ...

    def sweep(self, spec: Spec, recorded: int) -> AbstractContextManager[Listener]:
        """Show the oracle run of a study, in which `recorded` trials are complete or stopped already."""
        ...

    def runs(self, names: Mapping[int, str]) -> AbstractContextManager[Listener]:
        """Show runs of schedules; `names` are their names by their rows in the database."""
        ...

    def say(self, sentence: str) -> None:
        """Show a sentence about what happens."""
        ...

    def warn(self, sentence: str) -> None:
        """Show a sentence about a problem."""
        ...


class NoDisplay:
    """Shows nothing; a problem becomes a Python warning."""

    def data(self, line: str) -> None:
        """Show nothing."""

    def sweep(self, spec: Spec, recorded: int) -> AbstractContextManager[Listener]:  # noqa: ARG002
        """Show nothing."""
        return nullcontext(Listener())

    def runs(self, names: Mapping[int, str]) -> AbstractContextManager[Listener]:  # noqa: ARG002
        """Show nothing."""
        return nullcontext(Listener())

    def say(self, sentence: str) -> None:
        """Show nothing."""

    def warn(self, sentence: str) -> None:
        """Warn."""
        warnings.warn(sentence, stacklevel=2)


class Bar(NoDisplay):
    """A tqdm bar: a widget in a notebook that has widgets, elsewhere a line on standard error."""

    def data(self, line: str) -> None:
        """Print it on standard error."""
        print(f"Data: {line}", file=sys.stderr)

    @contextmanager
    def sweep(self, spec: Spec, recorded: int) -> Iterator[Listener]:
        """Show a bar of all trials, with the current level and the winner of the level before."""
        with _bar(total=spec.levels * spec.trials_per_level, initial=recorded) as bar:
            yield _SweepBar(bar, spec)

    @contextmanager
    def runs(self, names: Mapping[int, str]) -> Iterator[Listener]:
        """Show a bar of all trials."""
        with _bar(desc=", ".join(names.values())) as bar:
            yield _RunsBar(bar)


class _RunsBar(Listener):
    def __init__(self, bar: Any) -> None:
        self.bar = bar

    def trials_expected(self, count: int) -> None:
        self.bar.reset(total=count)

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:  # noqa: ARG002
        if not isinstance(outcome, Failure):
            self.bar.update()

    def trial_stopped(self, request: TrialRequest, stopped: Stopped) -> None:  # noqa: ARG002
        self.bar.update()


class _SweepBar(_RunsBar):
    def __init__(self, bar: Any, spec: Spec) -> None:
        super().__init__(bar)
        self.levels, self.per_level, self.metric = spec.levels, spec.trials_per_level, spec.metric

    def level_started(self, level: int, density: float) -> None:
        self.level = level
        self.bar.set_description(f"level {level} of 0-{self.levels - 1}, density {density:.2%}")

    def trials_proposed(self, count: int) -> None:
        """Correct the total: widening adds trials."""
        self.bar.total = max(self.bar.total, self.bar.n + count + (self.levels - self.level - 1) * self.per_level)

    def level_decided(self, level: int, winner: float, val: float, edge: bool, former: float | None) -> None:  # noqa: ARG002
        self.bar.set_postfix_str(
            f"best max_lr {winner:.3g}, validation {self.metric.name} {self.metric.write(val, space='')}"
        )

    def level_silent(self, level: int, chosen: float, silence: Silence) -> None:  # noqa: ARG002
        self.bar.set_postfix_str(NO_WINNER[silence])


def display_for(progress: bool | Display | None) -> Display:
    """Return the display that `progress` asks for. Default, None: a bar in a notebook, silence elsewhere."""
    if progress is None:
        progress = in_notebook()
    if isinstance(progress, bool):
        return Bar() if progress else NoDisplay()
    return progress


def in_notebook() -> bool:
    """Return whether this process is a notebook's kernel."""
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def _bar(**options: Any) -> Any:
    from tqdm import TqdmWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TqdmWarning)  # a notebook without widgets gets the bar as text
        from tqdm.auto import tqdm
    return tqdm(unit=" trials", dynamic_ncols=True, **options)
