"""Whose an artifact store is. Each belongs to one database, and says so itself; see `studies.owner`.

The database and the store have the same id. As a copy of a database has it too, the store also says where its database
is: an SQLite file by its path, relative to the store if that is a folder; a database of a PostgreSQL server by numbers
that the server gives. A file that is no longer where the store says has been moved or renamed.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from studies import owner
from studies.artifacts import Artifacts
from studies.errors import StudyError
from studies.owner import Owner

if TYPE_CHECKING:
    from studies.store import Store

_TRIES = 5  # to claim a store that other processes claim at the same time
_LOOKED_FOR = 20  # artifacts, before a store counts as lost


def claim(store: Store, url: str, *, take_over: bool = False) -> Artifacts:
    """Return an artifact store that belongs to a database; only such a store may be written to or deleted from.

    A store without an owner becomes the database's: a new one, or one of a version that did not write down whose it is.
    What lies there and is not listed in the database is never deleted.

    Args:
        store: the database.
        url: folder or URL of the artifact store.
        take_over: whether it becomes the database's even if it belongs to another.

    Raises:
        StudyError: it belongs to another database, it is not there although trials list weights in it, or it cannot be
            used.
    """
    artifacts = Artifacts(url)
    for _ in range(_TRIES):
        there = owner.read(artifacts)
        claimed = _first(store, artifacts, take_over) if there is None else _again(store, artifacts, there, take_over)
        if claimed is not None:
            return claimed
    raise StudyError(f"The artifact store {artifacts.url} is claimed by several processes at once; try again.")


def retire(store: Store, artifacts: Artifacts) -> bool:
    """Give up a store if no study uses it any more; what is left in it stays. Return whether it was given up."""
    if store.users_of(artifacts.url):
        return False
    owner.remove(artifacts)
    store.forget_artifacts(artifacts.url)
    return True


def _first(store: Store, artifacts: Artifacts, take_over: bool) -> Artifacts | None:
    """Claim a store that does not say whose it is; return None if another process was quicker."""
    listed, kept = store.listed_in(artifacts.url), set(artifacts.hashes())
    if listed and not any(map(artifacts.exists, islice(listed, _LOOKED_FOR))):
        raise StudyError(_lost(store, artifacts))
    if kept and not take_over and not _is_known(store, artifacts):
        users = store.users_of(artifacts.url)
        raise StudyError(_strange(store, artifacts, users, "holds weights that may belong to another database"))
    id_ = store.remember_artifacts(artifacts.url)
    mine = Owner(id_, _here(store, artifacts), tuple(sorted(kept - listed)))
    return _owned(artifacts, mine) if owner.create(artifacts, mine) else None


def _again(store: Store, artifacts: Artifacts, there: Owner, take_over: bool) -> Artifacts:
    """Claim a store that says whose it is."""
    here, known = _here(store, artifacts), store.artifact_stores()
    if there.id in known and not _is_elsewhere(store, artifacts, there):
        original = Artifacts(known[there.id])
        if original.is_same_place(artifacts):
            if there.database != here:
                owner.replace(artifacts, Owner(there.id, here, there.others))
            return _owned(original, there)
        former = owner.read(original)
        if former is None or former.id != there.id:  # the folder was moved
            store.move_artifacts(original.url, artifacts.url)
            return _owned(artifacts, there)
    elif there.id not in known and there.database == here:
        take_over = True  # a former database in the same place, which nobody can open any more
    if not take_over:
        users = store.users_of(artifacts.url)
        if not users:
            store.forget_artifacts(artifacts.url)
        raise StudyError(_strange(store, artifacts, users, f"belongs to another database{_named(artifacts, there)}"))
    others = set(artifacts.hashes()) - store.listed_in(artifacts.url)
    store.forget_artifacts(artifacts.url)
    mine = Owner(store.remember_artifacts(artifacts.url), here, tuple(sorted(others)))
    owner.replace(artifacts, mine)
    return _owned(artifacts, mine)


def _owned(artifacts: Artifacts, mine: Owner) -> Artifacts:
    return Artifacts(artifacts.url, frozenset(mine.others))


def _is_known(store: Store, artifacts: Artifacts) -> bool:
    return artifacts.url in store.artifact_stores().values()


def _here(store: Store, artifacts: Artifacts) -> str:
    """Return where a database is, as a store of it says it."""
    identity = store.identity()
    if not (artifacts.is_local and Path(identity).is_absolute()):
        return identity
    return Path(os.path.relpath(identity, Path(artifacts.root).resolve())).as_posix()


def _is_elsewhere(store: Store, artifacts: Artifacts, there: Owner) -> bool:
    """Return whether the store belongs to another database of the same id: a copy of this one, or its original."""
    identity = store.identity()
    if not Path(identity).is_absolute():
        return there.database != identity
    other = _file(artifacts, there)
    return other.exists() and not other.samefile(identity)


def _file(artifacts: Artifacts, there: Owner) -> Path:
    return Path(artifacts.root).resolve() / there.database if artifacts.is_local else Path(there.database)


def _named(artifacts: Artifacts, there: Owner) -> str:
    if not there.database or there.database.startswith("postgresql "):
        return ""
    return f", {os.path.normpath(_file(artifacts, there))}"


def _strange(store: Store, artifacts: Artifacts, users: list[str], whose: str) -> str:
    if not users:
        return (
            f"The artifact store {artifacts.url} {whose}, and what one database deletes would be lost to the other; "
            "choose another place for the weights with --artifacts, or delete that folder if nobody needs it."
        )
    at = f"`scyc studies artifacts {quote(users[0])} --db {quote(store.url)} --take-over --at"
    return (
        f"The artifact store {artifacts.url} {whose}, and what one database deletes would be lost to the other. Copy "
        f"the folder and give this database the copy: {at} COPY`. If the other database is gone: {at} "
        f"{quote(artifacts.url)}`."
    )


def _lost(store: Store, artifacts: Artifacts) -> str:
    users = store.users_of(artifacts.url)
    name = quote(users[0]) if users else "NAME"
    state = "has none of its weights" if artifacts.is_there() else "is not there"
    return (
        f"The artifact store {artifacts.url} of the study {', '.join(map(repr, users))} {state}. If it was moved, say "
        f"where it is now: `scyc studies artifacts {name} --db {quote(store.url)} "
        f"--at FOLDER`. If it is lost, restore it from a backup, or "
        "train the study again under another name."
    )
