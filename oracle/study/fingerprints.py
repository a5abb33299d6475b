"""What a study's trials are trained on: recorded when it starts, checked whenever more is to be trained.

The provenance of a study holds a list of records under `TRAINED_ON`; the last one is in force. Each says when it was
made, the fingerprints of data and own code (`scyc.fingerprints`), the data folder, the versions that affect numbers,
and what had changed since the record before and was accepted.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from oracle.study.provenance import package_version
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from oracle.spec.model import Spec
    from studies import Store, StudyRecord

TRAINED_ON = "trained_on"
PACKAGES = ("scyc", "torch")
"""Packages whose version affects the numbers of a training."""


@dataclass(frozen=True)
class TrainedOn:
    """A record of what trials are trained on.

    Attributes:
        fingerprints: of data and own code, by what they are of; empty if they are not known.
        data_folder: where relative data are looked for.
        versions: of `PACKAGES`.
        recorded: when, ISO 8601 in UTC.
        accepted: what had changed and was accepted.
    """

    fingerprints: dict[str, str]
    data_folder: str
    versions: dict[str, str]
    recorded: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    accepted: tuple[str, ...] = ()


def recorded(study: StudyRecord) -> TrainedOn:
    """Return the record in force. A study of an older version has one without fingerprints."""
    versions = _texts(study.provenance.get("versions"))
    entries = _entries(study.provenance)
    if not entries:
        return TrainedOn({}, "", versions, "")
    last = entries[-1]
    fingerprints, versions = _texts(last.get("fingerprints")), _texts(last.get("versions"))
    return TrainedOn(fingerprints, str(last.get("data_folder")), versions, str(last.get("recorded")))


def accepted_changes(provenance: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each time that the user accepted a change: the study's numbers are then of two kinds."""
    return [
        f"At {entry.get('recorded')} a change was accepted ({', '.join(map(str, entry['accepted']))}): the trials from "
        "before and after are not of the same data and code."
        for entry in _entries(provenance)
        if isinstance(entry.get("accepted"), list) and entry["accepted"]
    ]


def trained_on_now(spec: Spec) -> TrainedOn:
    """Return what trials would be trained on now. The files that a command reads are not known, but the command is.

    Raises:
        InputError: the workload cannot be imported, or its data cannot be read.
    """
    from scyc.data.sources import data_root
    from scyc.fingerprints import fingerprints

    command = spec.trial.command
    if command is not None:
        found = {"command": f"text {hashlib.sha256(command.encode()).hexdigest()}"}
    else:
        found = fingerprints(spec.workload)
    return TrainedOn(found, str(data_root()), {name: package_version(name) for name in PACKAGES})


def check_trained_on(
    store: Store, study: StudyRecord, now: TrainedOn, *, accept: bool, warn: Callable[[str], None]
) -> None:
    """Check that a study's next trials are trained on what its former ones were, and record what is new.

    Args:
        store: the database; the study's lease is held.
        study: the study.
        now: what trials would be trained on now.
        accept: whether to continue if data or code have changed; the change is recorded.
        warn: called with a sentence about what the user should know.

    Raises:
        InputError: data or code have changed; nothing was written.
    """
    from scyc.fingerprints import changed

    before = recorded(study)
    counts = [store.counts(run.id) for run in store.runs(study.id)]
    begun = any(count["complete"] or count["stopped"] for count in counts)
    changes = changed(before.fingerprints, now.fingerprints) if before.fingerprints and begun else []
    versions = [name for name in PACKAGES if before.versions.get(name, now.versions[name]) != now.versions[name]]
    if before.fingerprints and begun and not changes and not versions:
        return
    if changes and not accept:
        raise InputError(_refusal(study, before, now, changes))
    store.add_provenance(study.id, TRAINED_ON, asdict(replace(now, accepted=tuple(changes))))
    if begun and not before.fingerprints:
        warn(
            f"The study {study.name!r} has trials of an older version, which did not record their data and code. These "
            "are recorded from now on; nothing can tell whether they changed before."
        )
    if begun and versions:
        then, today = (" and ".join(f"{name} {of.versions[name]}" for name in versions) for of in (before, now))
        warn(
            f"The study {study.name!r} was trained with {then} and continues with {today}: its new trials may have "
            "other numbers than that would have given."
        )


def _refusal(study: StudyRecord, before: TrainedOn, now: TrainedOn, changes: Sequence[str]) -> str:
    what = "; ".join(
        f"{_named(name)} ({_short(before.fingerprints.get(name))} then, {_short(now.fingerprints.get(name))} now)"
        for name in changes
    )
    moved = f"{before.data_folder} then, {now.data_folder} now"
    folder = now.data_folder if before.data_folder == now.data_folder else moved
    return (
        f"What the study {study.name!r} is trained on is not what was recorded at {before.recorded}. Of its workload "
        f"{study.spec.get('workload')!r}, this has changed: {what}. The data folder is {folder}. New trials would not "
        "belong to the same curve as the recorded ones. Bring back what was there, or start a new study under another "
        "name; to continue with the change, give --accept-changes (in Python, accept_changes=True)."
    )


def _named(name: str) -> str:
    from scyc.own_code import source_file

    path = source_file(name.removeprefix("module ")) if name.startswith("module ") else None
    return f"the {name}" + (f" in {path}" if path else "")


def _short(fingerprint: str | None) -> str:
    """Return the kind and the beginning of the hash."""
    return " ".join(word[:12] if index else word for index, word in enumerate((fingerprint or "none").split()[:2]))


def _entries(provenance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the records, in a provenance that may have been edited; none if any is not one."""
    entries = provenance.get(TRAINED_ON)
    return entries if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries) else []


def _texts(values: Any) -> dict[str, str]:
    """Return what is text, in values that may have been edited."""
    there = values.items() if isinstance(values, dict) else ()
    return {str(name): value for name, value in there if isinstance(value, str) and value.strip()}
