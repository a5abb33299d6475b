"""Opening a study: it is created on first use, resumed afterwards, and never mixed with another spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oracle.spec.files import parse_spec
from oracle.spec.model import AUTO
from oracle.study.commands import command
from oracle.study.provenance import provenance
from scyc import InputError
from scyc.own_objects import of_a_script
from studies import Store, StudyNotFound, StudyRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from oracle.spec.model import Spec

ORACLE = "oracle"
"""Name of the run that searches max_lr at every level, and of the schedule that replays its curve."""

REPLAYED = "oracle-replayed"
"""Name of the run that trains with the oracle's curve as its schedule."""


def open_study(
    store: Store,
    name: str,
    spec: Spec,
    artifacts: str,
    settle: Callable[[Spec], Spec] | None = None,
    recorded: Mapping[str, Any] | None = None,
) -> StudyRecord:
    """Return the study `name`; create it with `spec` if it does not exist.

    Args:
        store: the database.
        name: name of the study.
        spec: spec of the study; must equal the one that the study was created with.
        artifacts: URL or folder where a new study keeps its weights.
        settle: fills in what the spec of a new study leaves open.
        recorded: what else to record of what a new study is made with, plain values.

    Raises:
        InputError: the study exists with another spec; the message names every field that differs.
    """
    try:
        study = store.study(name)
    except StudyNotFound:
        settled = settle(spec) if settle else spec
        made_with = {**provenance(), **(recorded or {})}
        return store.create_study(name, settled.to_dict(), settled.hash, artifacts, made_with)
    there = study_spec(study)
    if spec.engine == AUTO:
        spec = spec.model_copy(update={"engine": there.engine})
    if there.hash != spec.hash:
        changes = "; ".join(differences(there.model_dump(mode="json"), spec.model_dump(mode="json")))
        own = f"resume it with its own spec: `{command('resume', name, db=store.url)}`"
        if of_a_script(there.workload):  # which no command can train
            own = "run its script or cell with the values that are in the study"
        raise InputError(f"The study {name!r} exists with another spec ({changes}); choose another name, or {own}.")
    return study


def study_spec(study: StudyRecord) -> Spec:
    """Return the study's spec. A study of a version without engines was trained with the reference, "eager"."""
    return parse_spec({"engine": "eager"} | study.spec, f"of study {study.name!r}")


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield one phrase per field in which two specs differ."""
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from differences(before, after, f"{prefix}{key}.")
        elif before != after:
            yield f"{prefix}{key} is {before!r} in the study and {after!r} in this spec"
