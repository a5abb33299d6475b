"""The errors of this package. Each message is one full sentence: what is wrong, where, and what to do."""

from __future__ import annotations


class StudyError(Exception):
    """A study, its database or its artifacts cannot be used this way."""


class NoDatabase(StudyError):  # noqa: N818 - it reads as what happened
    """There is no database yet, or one without tables: the first study makes them."""


class StudyNotFound(StudyError):  # noqa: N818 - it reads as what happened
    """No study of that name is in the database."""


class StudyExists(StudyError):  # noqa: N818
    """A study of that name is in the database already."""


class StudyUnavailable(StudyError):  # noqa: N818
    """Something is in the way that may pass by itself: the same call may succeed later, with nothing changed.

    A server that is away or has too many connections, somebody else's lock, a full disk.
    """


class StudyBusy(StudyUnavailable):
    """Another driver holds the lease of a study, and its heartbeat has not stopped.

    Attributes:
        holder: its name, as given when it took the lease.
        token: of that lease.
    """

    def __init__(self, message: str, holder: str, token: int) -> None:
        super().__init__(message)
        self.holder, self.token = holder, token

    def __reduce__(self) -> tuple[type[StudyBusy], tuple[str, str, int]]:
        return StudyBusy, (str(self), self.holder, self.token)


class LeaseLost(StudyError):  # noqa: N818
    """The lease of a study has passed to another driver, or was given back; nothing was written under it."""


class LaunchWaiting(StudyUnavailable):
    """A launch of the same study has been accepted, and no driver has begun with it yet.

    Attributes:
        launch: its number.
    """

    def __init__(self, message: str, launch: str) -> None:
        super().__init__(message)
        self.launch = launch

    def __reduce__(self) -> tuple[type[LaunchWaiting], tuple[str, str]]:
        return LaunchWaiting, (str(self), self.launch)


class LaunchWithdrawn(StudyError):  # noqa: N818
    """A launch's driver need not begin: it was withdrawn, or another driver has begun with it."""


class TryAgain(StudyUnavailable):
    """A transaction failed for a reason that passes soon, a restart of the server for instance; nothing was written."""
