"""Cursors: what a page has seen of a study. A cursor holds all that is needed to say what has changed since."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from studies import StudyChanges

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARTS = ("levels", "trials", "lease", "launches", "spec")
_NUMBERS = r"\d{1,16}(?:\.\d{1,16})*"
_FORM = re.compile(
    rf"{_NUMBERS}~(?:\d{{1,16}}\.){{8}}\d{{1,16}}~{_NUMBERS}~{_NUMBERS}~\w{{0,12}}\.\d{{1,16}}", re.ASCII
)


@dataclass(frozen=True)
class Cursor:
    """What has been seen of a study, part by part; as text it is an id of server-sent events.

    Attributes:
        levels: the decided ones.
        trials: of all runs. It ends with their number that have ended, and when the last one did.
        lease: who drives the study, and the last sign of life.
        launches: what was asked of the study over HTTP.
        spec: what the study is.
    """

    levels: str
    trials: str
    lease: str
    launches: str
    spec: str

    @classmethod
    def of(cls, seen: StudyChanges) -> Self:
        """Return the cursor of one moment of a study."""
        counts = ".".join(str(number) for number in seen.counts.values())
        driver = f"{seen.holder is not None:d}{seen.alive:d}{seen.stop is not None:d}"
        return cls(
            levels=f"{seen.decided}.{_number(seen.decided_at)}.{seen.superseded}",
            trials=f"{seen.runs}.{seen.newest}.{counts}.{seen.attempts}.{seen.ended}.{_number(seen.finished_at)}",
            lease=f"{seen.token}.{driver}.{_number(seen.heartbeat_at)}",
            launches=f"{seen.launches[0]}.{_number(seen.launches[1])}",
            spec=f"{seen.spec_hash[:12]}.{seen.former}",
        )

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """Return the cursor that a text is; None if it is none, as of another version."""
        if text is None or not _FORM.fullmatch(text):
            return None
        return cls(*text.split("~"))

    def __str__(self) -> str:
        return "~".join(getattr(self, part) for part in _PARTS)

    @property
    def ended(self) -> int:
        """How many trials had ended."""
        return int(self.trials.split(".")[-2])

    @property
    def at(self) -> datetime | None:
        """When the last of them did; None if none had."""
        microseconds = int(self.trials.rpartition(".")[2])
        return _EPOCH + timedelta(microseconds=microseconds) if microseconds else None

    def changed(self, since: Cursor | None) -> dict[str, bool]:
        """Return which parts differ from those of another cursor; all if there is none."""
        return {part: since is None or getattr(self, part) != getattr(since, part) for part in _PARTS}


def _number(moment: datetime | None) -> int:
    return 0 if moment is None else round((moment - _EPOCH) / timedelta(microseconds=1))
