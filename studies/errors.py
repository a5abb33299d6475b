"""What goes wrong with a study, said in one full sentence: what is wrong, where, and what to do about it."""

from __future__ import annotations


class StudyError(Exception):
    """A study, its database or its artifacts cannot be used as asked."""


class StudyNotFound(StudyError):  # noqa: N818 - it reads as what happened
    """No study of that name is in the database."""


class StudyExists(StudyError):  # noqa: N818
    """A study of that name is in the database already."""


class StudyBusy(StudyError):  # noqa: N818
    """Another driver holds the lease of a study, and its heartbeat has not stopped.

    Attributes:
        holder: who that is, in the words it took the lease with.
        token: of that lease.
    """

    def __init__(self, message: str, holder: str, token: int) -> None:
        super().__init__(message)
        self.holder, self.token = holder, token

    def __reduce__(self) -> tuple[type[StudyBusy], tuple[str, str, int]]:
        return StudyBusy, (str(self), self.holder, self.token)


class LeaseLost(StudyError):  # noqa: N818
    """The lease of a study has passed to another driver, or was given back; nothing was written under it."""


class TryAgain(StudyError):  # noqa: N818
    """A transaction failed for a reason that passes, a restart of the server for instance; nothing was written."""
