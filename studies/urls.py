"""The URL of a database: what it says, and what of it may be shown, which is never a password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from studies.dialect import dialect_of
from studies.errors import StudyError

if TYPE_CHECKING:
    from pathlib import Path

# Of a URL's query, since some drivers take a password there.
_SHOWN = {"host", "hostaddr", "port", "dbname", "user", "service", "options", "target_session_attrs"}
_SHOWN |= {"sslmode", "sslcert", "sslkey", "sslrootcert", "uri", "mode", "immutable"}
_SECRET = re.compile(r"\w*pass(?!file)\w*|pwd|sig|scram\w*|\w*secret\w*|\w*token\w*", re.IGNORECASE)
_ASSIGNED = re.compile(rf"\b({_SECRET.pattern})\s*=", re.IGNORECASE)


def parse_url(url: str) -> URL:
    """Return the parts of a URL.

    Raises:
        StudyError: the URL makes no sense, or a character of its password may be taken for one between two parts. It is
            not repeated: what cannot be parsed cannot be masked.
    """
    try:
        text = url.strip("\ufeff \t\r\n")  # a file that it was read from may begin and end with these
        parsed = make_url(text)
    except (ArgumentError, ValueError, AttributeError):
        raise StudyError(
            "The database URL makes no sense; write it like sqlite:///scyc.db, sqlite:////absolute/path/scyc.db or "
            "postgresql://user@host/database."
        ) from None
    scheme, _, rest = text.partition("://")
    is_file = scheme.startswith("sqlite") and rest.startswith("/")
    if not is_file and _is_ambiguous(rest):
        raise StudyError(
            f"The database URL, {scheme}://..., can be read in more than one way; in its user and password write @ as "
            "%40, / as %2F, ? as %3F, # as %23 and % as %25, or leave the password out and put it into $PGPASSWORD or "
            "~/.pgpass."
        )
    return parsed


def _is_ambiguous(rest: str) -> bool:
    """Return whether a part of a password, or a whole one, may stand where something else is expected."""
    user, _, place = rest.rpartition("@")
    place, _, query = place.partition("?")
    public = [place, *(value for key, value in _items(query) if not _SECRET.fullmatch(key))]
    return re.search(r"[@/?#]", user) is not None or any(_ASSIGNED.search(unquote(part)) for part in public)


def _items(query: str) -> list[tuple[str, str]]:
    return [(key, value) for key, _, value in (item.partition("=") for item in query.split("&"))]


def shown(url: URL) -> str:
    """Return a URL without password."""
    query = {key: value for key, value in url.query.items() if key in _SHOWN}
    return url.set(query=query).render_as_string(hide_password=True)


def secrets(url: URL) -> list[str]:
    """Return what must not be shown of a URL, in every way in which a driver may write it, longest first.

    A password that is also the user or the database gives nothing away where these are named.
    """
    query = [value for key, value in url.query.items() if _SECRET.fullmatch(key)]
    words = [url.password, *(word for value in query for word in ([value] if isinstance(value, str) else value))]
    hidden = {word for word in words if word and word not in (url.username, url.database)}
    hidden |= {write(word) for word in hidden for write in (quote, quote_plus, _in_quotes)}
    return sorted(hidden, key=len, reverse=True)


def _in_quotes(word: str) -> str:
    return word.replace("\\", "\\\\").replace("'", "\\'")


def public_url(url: str) -> str:
    """Return a URL as it may be shown, in a command to paste for instance; "URL" where it makes no sense."""
    try:
        return shown(_normalised(url))
    except StudyError:
        return "URL"


def engine_url(url: str) -> str:
    """Return the URL for other programs that use SQLAlchemy: with its driver, and with the password.

    Raises:
        StudyError: the URL makes no sense.
    """
    return _normalised(url).render_as_string(hide_password=False)


def database_file(url: str) -> Path | None:
    """Return the file that the database of a URL is in; None for one in memory or on a server.

    Raises:
        StudyError: the URL makes no sense.
    """
    parsed = _normalised(url)
    return dialect_of(parsed, shown(parsed)).file(parsed)


def is_in_memory(url: str) -> bool:
    """Return whether the database of a URL is in this process alone, and vanishes with it.

    Raises:
        StudyError: the URL makes no sense.
    """
    parsed = _normalised(url)
    return parsed.get_backend_name() == "sqlite" and database_file(url) is None


def holds_password(url: str) -> bool:
    """Return whether a URL, be it of a database or of an artifact store, holds a password."""
    user, _, place = url.partition("://")[2].rpartition("@")
    return ":" in user or any(_SECRET.fullmatch(key) for key, _ in _items(place.partition("?")[2]))


def _normalised(url: str) -> URL:
    parsed = parse_url(url)
    return dialect_of(parsed, shown(parsed)).normalised(parsed)
