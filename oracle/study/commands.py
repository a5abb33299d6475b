"""Commands of scyc to paste: they open the same database, and never hold a password."""

from __future__ import annotations

import os
from shlex import quote

DATABASE = "sqlite:///scyc.db"


def command(*words: str, db: str) -> str:
    """Return a command of scyc.

    Args:
        words: the command with its arguments, which are quoted for a shell.
        db: URL of the database. It is left out where `$SCYC_DB`, or the default, is the same.
    """
    from studies import public_url  # SQLAlchemy takes a while, and not every command needs it

    given, usual = public_url(db), public_url(os.environ.get("SCYC_DB") or DATABASE)
    return " ".join(map(quote, ["scyc", *words, *(["--db", given] if given != usual else [])]))
