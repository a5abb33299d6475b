"""Replaying search methods on a study, or on the recording of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from oracle.api.study_reader import StudyReader
from oracle.replaying import Recording, method_spec, orders_of, replay
from oracle.spec.search_methods import SEARCH_METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from oracle.replaying import Replay

SUFFIX = ".npz"
"""How the name of a recorded file ends; everything else names a study."""


def recording_of(study: StudyReader | Path | str, db: str | None = None) -> Recording:
    """Return the recording of a study, or the one in a file.

    Args:
        study: a study, its name, or a file that ends in `SUFFIX`.
        db: URL of the database of a study that is given by its name.

    Raises:
        InputError: the file is no recording; or the study is not finished, or not a full grid.
        StudyError: there is no such study, or the database cannot be used.
    """
    if isinstance(study, StudyReader):
        return study.recording()
    if str(study).endswith(SUFFIX):
        return Recording.load(Path(study))
    return StudyReader(str(study), db).recording()


def replay_methods(
    recording: Recording,
    methods: Sequence[str] = (),
    fields: Mapping[str, Any] | None = None,
    *,
    seeds: int | None = None,
    orders: int,
    workers: int,
) -> list[Replay]:
    """Replay search methods on a recording; see `oracle.replay`."""
    specs = {method: method_spec(recording, method, fields) for method in methods or SEARCH_METHODS}
    return replay(recording, specs, orders_of(recording, seeds, orders), workers)


def as_table(replays: Sequence[Replay]) -> pd.DataFrame:
    """Return a row per method: `method`, and of every measure the mean, `MEASURE_low` and `MEASURE_high`."""
    import pandas as pd

    return pd.DataFrame(
        {"method": one.name}
        | {
            name + end: getattr(spread, value) if spread else None
            for name, spread in one.spreads.items()
            for end, value in (("", "mean"), ("_low", "low"), ("_high", "high"))
        }
        for one in replays
    )


def to_json(recording: Recording, replays: Sequence[Replay]) -> dict[str, Any]:
    """Return what was replayed as plain values."""
    return {
        "recording": recording.name,
        "made_by": recording.made_by,
        "levels": recording.levels,
        "candidates": len(recording.rates),
        "seeds": recording.seeds.tolist(),
        "methods": {
            one.name: {
                "search": one.spec.to_dict()["search"],
                "replays": len(one.judgements),
                **{
                    name: {"mean": spread.mean, "low": spread.low, "high": spread.high} if spread else None
                    for name, spread in one.spreads.items()
                },
            }
            for one in replays
        },
    }
