"""Extending a study by levels, seeds or candidates. No recorded trial is trained again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.spec.files import parse_spec
from oracle.spec.search_methods import SEARCH_METHODS
from oracle.study.opening import ORACLE
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.spec.model import Spec
    from studies import Store, StudyRecord


def extended(
    spec: Spec,
    *,
    levels: int | None = None,
    seeds: Sequence[int] = (),
    candidates: Sequence[float] = (),
    count: int | None = None,
) -> Spec:
    """Return the spec with more levels, seeds or candidates.

    Args:
        spec: spec of the study.
        levels: new number of levels.
        seeds: seeds to add.
        candidates: `max_lr` values to add, for a study that searches a grid.
        count: new number of candidates per level, for a study whose sampler proposes them.

    Raises:
        InputError: nothing is added, something would be taken away, or the addition does not fit the study's search.
    """
    values = spec.to_dict()
    max_lr = values["search"]["max_lr"]
    is_grid = not SEARCH_METHODS[spec.search.method].needs_range
    if levels is not None and levels < spec.levels:
        raise InputError(f"The study already has {spec.levels} levels; give a larger number of levels.")
    if candidates and not is_grid:
        raise InputError(
            f"The sampler {spec.search.method} proposes this study's candidates; give a larger count instead."
        )
    if count is not None and (is_grid or count < spec.search.max_lr.count):
        raise InputError(
            "A count is only for a study whose sampler proposes the candidates, and it cannot be lowered; to a grid, "
            "add candidates one by one."
        )
    values["levels"] = spec.levels if levels is None else levels
    values["seeds"] = [*spec.seeds, *(seed for seed in dict.fromkeys(seeds) if seed not in spec.seeds)]
    if count is not None:
        max_lr["count"] = count
    grid = set(spec.search.max_lr.grid()) if is_grid else set()
    if set(candidates) - grid:
        values["search"]["max_lr"] = {"values": sorted({*grid, *candidates}), "scale": max_lr["scale"]}
    new = parse_spec(values, "as extended")
    if new.hash == spec.hash:
        raise InputError("This adds nothing to the study; give more levels, seeds or candidates.")
    return new


def extend_study(store: Store, study: StudyRecord, former: Spec, spec: Spec) -> tuple[StudyRecord, int]:
    """Give a study its extended spec, and reopen its levels if there is more to train at each.

    An interruption in between does no harm: reopened levels are decided again as before, without any training.

    Returns:
        The study, and how many levels were reopened.
    """
    reopened = 0
    if (former.seeds, former.search) != (spec.seeds, spec.search):
        run = store.open_run(study.id, ORACLE)
        store.adopt_trials(run.id, former.trial_hash)
        reopened = store.reopen_levels(run.id, 0)
    return store.extend_study(study.id, spec.to_dict(), spec.hash), reopened
