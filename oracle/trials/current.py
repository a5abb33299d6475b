"""The trial of a command: found through the environment, by every process of it alike."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsFloat

from oracle.trials.curve import Point, point
from oracle.trials.returned import checked
from oracle.trials.trial import Facts, Trial
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "SCYC_TRIAL"
"""Name of the environment variable with the path of the trial's file."""

VERSION = 1


@dataclass(frozen=True)
class Exchange:
    """The files through which a command learns of its trial and says what came of it. All are JSON.

    Attributes:
        trial: what the trial is, and where the other two are.
        reports: what was reported, one point per line.
        result: what came of it.
    """

    trial: Path
    reports: Path
    result: Path

    @classmethod
    def within(cls, folder: Path) -> Exchange:
        """Return the files of a folder."""
        return cls(folder / "trial.json", folder / "reports.jsonl", folder / "result.json")

    def begin(self, facts: Facts) -> None:
        """Write what the trial is."""
        told = {"scyc_trial": VERSION, **facts.to_dict(), "reports": str(self.reports), "result": str(self.result)}
        self.trial.write_text(json.dumps(told, indent=1), encoding="utf-8")

    def points(self) -> Iterator[Point]:
        """Yield what was reported.

        Raises:
            InputError: a line is no report.
        """
        if not self.reports.exists():
            return
        lines = self.reports.read_bytes().split(b"\n")
        for line in lines[:-1]:  # the last is empty, or was being written when its process ended
            try:
                told = point(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise InputError(
                    'A line of the file with the reports should be {"step": NUMBER, "val": NUMBER}, but it is '
                    f"{line.decode(errors='replace')[:200]!r}."
                ) from error
            yield told

    def returned(self) -> Any:
        """Return what the command says that came of it; None if it says nothing.

        In place of a `val` that is not finite, it may say null: JSON knows no NaN.

        Raises:
            InputError: the file is not JSON.
        """
        if not self.result.exists():
            return None
        try:
            found = json.loads(self.result.read_bytes())
        except ValueError as error:
            raise InputError(f"The file with the trial's result is not JSON: {error}.") from error
        if isinstance(found, dict) and "val" in found and found["val"] is None:
            found["val"] = math.nan
        return found


class CommandTrial(Trial):
    """The trial of a command; every process of the command has the same.

    In a training on several processes, `report` and `finish` may be called by one of them or by all. All should report
    the same value, as they do with one that was averaged over them: then `Stop` is raised in each.
    """

    def __init__(self, facts: Facts, reports: Path, result: Path) -> None:
        super().__init__(facts, self._write)
        self._reports, self._result = reports, result

    def finish(self, val: SupportsFloat, test: SupportsFloat | None = None, spent: SupportsFloat | None = None) -> None:
        """Say what came of the training. What is in `out` by then is what it leaves.

        Args:
            val: value of the study's metric on the validation data; NaN or infinity if it diverged.
            test: the same on the test data, if it is known.
            spent: units of the budget that it took. Default: the last reported step and one more, else the budget.

        Raises:
            InputError: a value is no number.
        """
        found = checked({"val": val, "test": test, "spent": spent}, "The command")
        fresh = self._result.with_name(f"{self._result.name}.{os.getpid()}")
        fresh.write_text(json.dumps(vars(found)), encoding="utf-8")
        fresh.replace(self._result)  # whole at any time

    def _write(self, point: Point) -> None:
        line = f"{json.dumps(vars(point))}\n".encode()
        with self._reports.open("ab", buffering=0) as file:
            file.write(line)


def current_trial() -> CommandTrial:
    """Return the trial that the command of this process is to train, in any of its processes.

    A command of a study (`[trial] command`) calls this at its start. Nothing heavy is imported.

    Raises:
        InputError: this process was not started for a trial.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        raise InputError(
            f"This process trains no trial: the environment has no {VARIABLE}. Give the command to a study, as "
            '`command = "..."` in the section [trial] of its spec, and sweep that; or, to try it out, set '
            f"{VARIABLE} to a trial's file of your own."
        )
    try:
        told = json.loads(Path(path).read_bytes())
        version, reports, result = told["scyc_trial"], Path(told["reports"]), Path(told["result"])
        if version != VERSION:
            raise InputError(f"The trial's file {path} is that of another version ({version}).")
        return CommandTrial(Facts.from_dict(told), reports, result)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"The trial's file {path} cannot be read ({error}).") from error
