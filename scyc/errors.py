"""The one exception that means "what you gave us cannot be used"."""


class InputError(ValueError):
    """Input that is refused before any work starts.

    The message is one full sentence: what is wrong, where, and what to do about it.
    """


class DataNotFound(InputError):  # noqa: N818 - it reads as what happened
    """A data set by name is not in the data folder; that matters only to who trains on it."""
