"""A connection to the study database: opened, checked, migrated, and its errors said in sentences."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, NoSuchModuleError, ProgrammingError

from studies import migrations, sqlite
from studies.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Database:
    """Transactions on a database, whatever its revision; `Database.open` checks that too.

    Args:
        url: an SQLAlchemy URL, e.g. "sqlite:///scyc.db"; "sqlite://" lives in memory.
        create: whether a database that is not there may be made.

    Attributes:
        name: the URL as it may be shown, without password.

    Raises:
        StudyError: the URL makes no sense, its driver is not installed, or there is no database.
    """

    def __init__(self, url: str, *, create: bool) -> None:
        parsed = _parse(url)
        # The query goes too: some drivers take a password there.
        self.name = parsed.set(query={}).render_as_string(hide_password=True)
        self._engine = _engine(parsed, self.name, create=create)
        self._writer = self._engine.execution_options(**{sqlite.WRITES: True})

    @classmethod
    def open(cls, url: str, *, create: bool) -> Database:
        """Open a database at the newest revision; a new one is brought there if `create` is true.

        Raises:
            StudyError: as above, or the database cannot be used, holds no studies, or is older or newer than this
                version.
        """
        database = cls(url, create=create)
        try:
            database._check_revision(create=create)
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads."""
        with _in_sentences(self.name), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes: committed as a whole, or not at all."""
        with _in_sentences(self.name), self._writer.begin() as connection:
            yield connection

    def revision(self) -> str | None:
        """Return the revision of the schema, None where there are no tables yet."""
        with self.read() as connection:
            return migrations.current(connection)

    def recognised(self, revision: str | None) -> str:
        """Return `revision` if this version knows it.

        Raises:
            StudyError: there are no tables, or a newer version made them.
        """
        if revision is None:
            raise StudyError(f"The database {self.name} holds no studies; check the URL, or start a study in it.")
        if revision not in migrations.revisions():
            raise StudyError(
                f"The database {self.name} is at revision {revision}, which this version does not know; "
                f"install the newer version that wrote it."
            )
        return revision

    def _check_revision(self, *, create: bool) -> None:
        found, newest = self.revision(), migrations.revisions()[0]
        if found is None and create:
            with self.write() as connection:
                migrations.upgrade(connection)  # does nothing where another process was quicker
                found = migrations.current(connection)
        if self.recognised(found) != newest:
            raise StudyError(
                f"The database {self.name} is at revision {found} and this version needs {newest}; back it up, "
                f"then upgrade it with `python -c \"import studies; studies.upgrade('URL')\"`."
            )


def upgrade(url: str) -> str:
    """Bring an existing database to the newest revision of the schema; back it up first.

    Returns:
        The revision that it is at now.

    Raises:
        StudyError: it cannot be opened, holds no studies, or is at a revision that this version does not know.
    """
    with closing(Database(url, create=False)) as database, database.write() as connection:
        database.recognised(migrations.current(connection))
        migrations.upgrade(connection)
    return migrations.revisions()[0]


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        # What cannot be parsed cannot be masked, so it is not repeated.
        raise StudyError(
            "The database URL is not one; write it like sqlite:///scyc.db or sqlite:////absolute/path/scyc.db."
        ) from error


def _engine(url: URL, name: str, *, create: bool) -> Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite:
        sqlite.check_file(url, create=create)
    try:
        engine = create_engine(url, **(sqlite.engine_options(url) if is_sqlite else {}))
    except NoSuchModuleError as error:
        raise StudyError(
            f"The database {name} is of an unknown kind, {url.drivername}; use a URL like sqlite:///scyc.db."
        ) from error
    except ImportError as error:
        raise StudyError(
            f"The database {name} needs the driver {error.name}, which is not installed; install it with pip."
        ) from error
    if is_sqlite:
        sqlite.prepare(engine)
    return engine


@contextmanager
def _in_sentences(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise StudyError(f"The database {name} refuses the values ({error.orig}); nothing was written.") from error
    except ProgrammingError:
        raise  # a mistake of this package, to be seen as it is
    except DatabaseError as error:
        raise StudyError(
            f"The database {name} cannot be used ({error.orig}); {sqlite.advice(str(error.orig))}."
        ) from error
