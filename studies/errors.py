"""What goes wrong with a study, said in one full sentence: what is wrong, where, and what to do about it."""


class StudyError(Exception):
    """A study, its database or its artifacts cannot be used as asked."""


class StudyNotFound(StudyError):  # noqa: N818 - it reads as what happened
    """No study of that name is in the database."""


class StudyExists(StudyError):  # noqa: N818
    """A study of that name is in the database already."""
