"""Whether a spec that comes from elsewhere may be trained here: it must not name code, commands or files at will."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scyc import InputError
from scyc.data.sources import data_root
from scyc.workloads import data_place, is_own

if TYPE_CHECKING:
    from collections.abc import Collection

    from oracle.spec.model import Spec


def check_permitted(spec: Spec, allowed: Collection[str] = ()) -> None:
    """Refuse a spec that names code, a command, or files outside the data folder, unless they are allowed by name.

    Args:
        spec: the spec.
        allowed: import paths and commands, which must be the same to the letter, and folders that data may be in.

    Raises:
        InputError: it names something that is not allowed, or its data in no form that is known.
    """
    command, workload = spec.trial.command, spec.workload
    if command is not None:
        if command not in allowed:
            raise InputError(_refusal("runs the command", command))
        return
    if is_own(workload):
        if workload not in allowed:
            raise InputError(_refusal("imports", workload))
        return
    if (named := data_place(workload)) is not None:
        place = named.resolve()
        folders = [data_root().resolve(), *(Path(folder).resolve() for folder in allowed if Path(folder).is_dir())]
        if not any(place.is_relative_to(folder) for folder in folders):
            raise InputError(_refusal("reads", str(place)))


def _refusal(does: str, what: str) -> str:
    return (
        f"The spec {does} {what!r}, which is not allowed here; whoever runs `scyc serve` can allow it with "
        f"--allow, or start the study on that machine."
    )
