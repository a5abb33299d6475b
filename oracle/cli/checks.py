"""What a sweep needs, and whether it is there."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from oracle.study.provenance import provenance
from scyc import InputError
from scyc.errors import DataNotFound
from scyc.workloads import load_workload, workload_names
from studies import NoDatabase, Store, StudyError, database_file

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Finding:
    """The result of one check: fine (ok), worth knowing (note), or something that stops a sweep (fault)."""

    subject: str
    verdict: Literal["ok", "note", "fault"]
    detail: str


def examine(database: str) -> list[Finding]:
    """Return findings on packages, hardware, disk, data sets and the database at the URL `database`."""
    return [*_packages(), *_machine(), *_data(), _database(database)]


def _packages() -> Iterator[Finding]:
    found = provenance()["versions"]
    for name, version in found.items():
        yield Finding(name, "fault" if version == "not installed" else "ok", version)


def _machine() -> Iterator[Finding]:
    hardware = provenance()["hardware"]
    yield Finding("processor", "ok", f"{hardware['processor']}, {hardware['cores']} cores usable")
    yield Finding("memory", "ok", f"{hardware['memory_gib']} GiB")
    gpus = hardware["gpus"]
    yield Finding("GPUs", "ok" if gpus else "note", ", ".join(gpus) or "none: trials train on the CPU")
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    yield Finding("free disk here", "ok" if free > 1 else "fault", f"{free:.1f} GiB")


def _data() -> Iterator[Finding]:
    for data_set, group in groupby(workload_names(), key=lambda name: name.partition("/")[0]):
        names = list(group)
        subject = names[0] if len(names) == 1 else f"{data_set}/*"
        try:
            data = load_workload(names[0]).load_data()
        except DataNotFound as error:
            yield Finding(subject, "note", str(error))
        except (InputError, OSError) as error:  # it is there, and damaged
            yield Finding(subject, "fault", str(error))
        else:
            sizes = f"{len(data.train)} training, {len(data.validation)} validation, {len(data.test)} test examples"
            yield Finding(subject, "ok", sizes)


def _database(url: str) -> Finding:
    try:
        with Store.open(url, read_only=True) as store:
            return Finding("database", "ok", f"revision {store.revision()}, {len(store.studies())} studies")
    except NoDatabase as error:
        folder = (database_file(url) or Path()).absolute().parent
        return Finding("database", "note" if os.access(folder, os.W_OK) else "fault", str(error))
    except StudyError as error:
        return Finding("database", "fault", str(error))
