"""What calls raise: bad input, a study that cannot be used, and a study that stopped before its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.results.silence import SMALLER
from scyc.errors import InputError
from studies.errors import LeaseLost, StudyBusy, StudyError, StudyNotFound, StudyUnavailable

if TYPE_CHECKING:
    from studies import Wish

__all__ = [
    "InputError",
    "LeaseLost",
    "NothingLearned",
    "StoppedOnRequest",
    "StudyBusy",
    "StudyError",
    "StudyNotFound",
    "StudyStopped",
    "StudyUnavailable",
    "TrialsFailed",
    "WorkersEnded",
]


class StudyStopped(StudyError):  # noqa: N818 - it reads as what happened
    """A study could not be trained to its end. No recorded trial is lost, and the study can be resumed.

    Attributes:
        what: what stopped it, in full sentences, without advice.
    """

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what} {advice}")
        self.what = what


class TrialsFailed(StudyStopped):
    """Failed trials block the study until they are trained again."""

    def __init__(self, what: str) -> None:
        super().__init__(what, "Fix the cause, then resume the study with retry_failed=True.")

    def __reduce__(self) -> tuple[type[TrialsFailed], tuple[str]]:
        return TrialsFailed, (self.what,)


class NothingLearned(StudyStopped):
    """No candidate of a level left a network that can be pruned."""

    def __init__(self, what: str) -> None:
        super().__init__(what, SMALLER)

    def __reduce__(self) -> tuple[type[NothingLearned], tuple[str]]:
        return NothingLearned, (self.what,)


class StoppedOnRequest(StudyStopped):
    """Somebody has asked the driver to stop.

    Attributes:
        wish: how: "pause" or "cancel".
    """

    def __init__(self, wish: Wish) -> None:
        done = {"pause": "paused", "cancel": "cancelled"}[wish]
        super().__init__(f"The study was {done} on request. No recorded trial is lost.", "Resume the study.")
        self.wish = wish

    def __reduce__(self) -> tuple[type[StoppedOnRequest], tuple[Wish]]:
        return StoppedOnRequest, (self.wish,)


class WorkersEnded(StudyStopped):
    """The workers ended before the study was finished."""

    def __init__(self) -> None:
        super().__init__(
            "The workers ended before the study was finished: Ray may have been stopped, or may have crashed. No "
            "recorded trial is lost.",
            "Resume the study.",
        )

    def __reduce__(self) -> tuple[type[WorkersEnded], tuple[()]]:
        return WorkersEnded, ()
