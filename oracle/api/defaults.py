"""Defaults for what a call leaves out: the database, the study's name, its spec, and where its weights go."""

from __future__ import annotations

import copy
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from oracle.study.commands import DATABASE
from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.spec.model import Spec


def database_url(given: str | None) -> str:
    """Return the URL of the study database: the one given, else `$SCYC_DB`, else `sqlite:///scyc.db`.

    Raises:
        InputError: it is in memory, where no other command would find a study.
        StudyError: the URL makes no sense.
    """
    url = given or os.environ.get("SCYC_DB")
    if not url:
        return DATABASE
    from studies import is_in_memory  # SQLAlchemy takes a while, and not every command needs it

    if is_in_memory(url):
        raise InputError(
            "The database is in memory, and would vanish when this process ends; give a file, like sqlite:///scyc.db."
        )
    return url


def check_artifacts(url: str) -> None:
    """Refuse the URL of an artifact store if it holds a password, which would be recorded and exported with a study.

    Raises:
        InputError: it does.
    """
    from studies import holds_password

    if holds_password(url):
        raise InputError(
            "The URL of the artifact store holds a password, which would be recorded with the study; leave it out, and "
            "put it where the file system looks for it, in the environment or in its own configuration file."
        )


def given_spec(spec: Spec | Mapping[str, Any] | Path | str | None, fields: Mapping[str, Any]) -> Spec:
    """Return the spec that a call describes.

    Args:
        spec: a spec, its values, or the path of a TOML file. Default: the embedded example.
        fields: fields to change, by name: `levels`, or `search.max_lr.count`.

    Raises:
        InputError: the file cannot be read, or the values are not a valid spec.
    """
    from oracle.spec.files import parse_spec, read_values, set_field
    from oracle.spec.model import Spec

    if isinstance(spec, Spec):
        if not fields:
            return spec
        values = spec.model_dump(mode="json", exclude_defaults=True)
    elif isinstance(spec, str | Path):
        values = read_values(Path(spec))
    else:
        values = copy.deepcopy(dict(spec or {}))
    for name, value in fields.items():
        set_field(values, name, value)
    return parse_spec(values, str(spec) if isinstance(spec, str | Path) else "given as values")


def study_name(given: str | None, spec: object = None) -> str:
    """Return the name of a study: the one given, else that of the spec's file, else "demo" for the embedded example.

    Raises:
        InputError: the spec has no file to be named after, or the text cannot be a name.
    """
    name = given
    if name is None and isinstance(spec, str | Path):
        name = Path(spec).stem
    elif name is None and spec is None:
        name = "demo"
    if name is None:
        raise InputError("The spec comes from no file that the study could be named after; give a name: name=...")
    if name in ("", ".", "..") or name[0] == "-" or "/" in name or name != name.strip() or not name.isprintable():
        raise InputError(
            "The name of a study must be printable text without slashes, without spaces at its ends and without a dash "
            f"at its beginning, but it is {name!r}; choose another."
        )
    return name


def default_artifacts(database: str) -> str:
    """Return the default folder for the weights of new studies: beside the database's file, else in the working folder.

    An artifact store belongs to one database, so it is named after the database: after its file (without ".db"), or
    after its name and its server. That of a database in memory is a new temporary folder.

    Raises:
        InputError: the folder of the database's file does not exist.
        StudyError: the URL makes no sense.
    """
    from studies import database_file, engine_url  # SQLAlchemy takes a while, and not every command needs it

    path = database_file(database)
    if path is None:
        address = urlsplit(engine_url(database))
        if not address.path.strip("/"):
            return tempfile.mkdtemp(prefix="scyc-artifacts-")
        name, server = folder_name(address.path[1:]), folder_name(address.hostname or "local")
        return str(Path(f"{name}@{server}-artifacts").resolve())
    if not path.parent.is_dir():
        raise InputError(f"The folder {path.parent} of the database {path} does not exist; create it first.")
    return str((path.parent / f"{path.name.removesuffix('.db')}-artifacts").resolve())


def folder_name(name: str) -> str:
    """Return the name of a folder for a study's weights: its own, with what means something in a URL written as %XX."""
    return "".join(f"%{ord(char):02X}" if char in "%:?#*[]/\\" else char for char in name)
