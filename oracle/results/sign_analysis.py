"""Signs and masks along a study's levels, from the stored weights of its trials.

After "Masks, Signs, And Learning Rate Rewinding" (Gadhikar & Burkholz, ICLR 2024, arXiv 2402.19262).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from oracle.execution.checkpoints import load_checkpoint, load_snapshot
from oracle.results.run_view import view_runs
from oracle.study import lineage
from oracle.study.checking import explained
from oracle.study.commands import command
from oracle.study.opening import ORACLE, REPLAYED, study_spec
from scyc import InputError
from scyc.signs import mask_overlap, pooled, sign_agreement
from studies import Artifacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scyc.protocol import Checkpoint
    from scyc.pruning import Masks
    from scyc.signs import Agreement, Overlap
    from scyc.training.result import State
    from studies import Store, StudyRecord, TrialRecord

Paths = dict[int, list["TrialRecord"]]

REFERENCES = ("dense", "rewind", "previous")
"""What a level's signs are compared with: the trained dense network, the rewind point, the level before as trained."""


@dataclass(frozen=True)
class Signs:
    """How a level's signs agree with those of one reference, inside the level's masks.

    Attributes:
        by_seed: by seed, the fraction of the remaining weights whose signs are the same.
        layers: by parameter, the mean of that fraction over the seeds; None if a seed has no weights left in it.
    """

    by_seed: Mapping[int, float]
    layers: Mapping[str, float | None]

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return math.fsum(self.by_seed.values()) / len(self.by_seed)


@dataclass(frozen=True)
class Shared:
    """How much the masks of two seeds have in common, the mean over all pairs: Jaccard indices in [0, 1].

    Attributes:
        jaccard: the number of weights left in both masks over that of weights left in either.
        chance: what equally dense random masks would have, scattered over the whole network.
        layer_chance: what random masks would have that are equally dense in every layer.
    """

    jaccard: float
    chance: float
    layer_chance: float


@dataclass(frozen=True)
class LevelAnalysis:
    """One level of a run.

    Attributes:
        density: mean over the seeds.
        max_lrs: by seed, the `max_lr` that it was trained with.
        signs: by the names in `REFERENCES`; level 0 has no "previous".
        overlap: None with fewer than two seeds.
    """

    level: int
    density: float
    max_lrs: Mapping[int, float]
    signs: Mapping[str, Signs]
    overlap: Shared | None


@dataclass(frozen=True)
class Analysis:
    """Signs and masks of one run.

    Attributes:
        rewind_step: the training step of the dense network at which the rewind point was taken; 0 is the start.
        notes: what else a reader must know, in full sentences.
    """

    study: str
    run: str
    rewind_step: int
    levels: tuple[LevelAnalysis, ...]
    notes: tuple[str, ...]


def analyse(store: Store, name: str, run: str = ORACLE) -> Analysis:
    """Return how signs and masks change along the levels of a run.

    Args:
        store: the database.
        name: name of the study.
        run: name of the run: the oracle's, whose path follows its winners, or one that `scyc run` trained.

    Raises:
        StudyNotFound: there is no such study.
        InputError: there is no such run, it has not finished a level yet, its weights are no longer stored, or they are
            the business of the user's own trainings.
    """
    study = store.study(name)
    study_spec(study).check_network_known()
    with explained(store, name):
        paths = _winners(store, study) if run == ORACLE else _walked(store, study, run)
    reader = _Reader(Artifacts(study.artifacts), study, run)
    states: dict[str, dict[int, State]] = {reference: {} for reference in REFERENCES}
    levels = []
    for level in range(max(map(len, paths.values()))):
        trials = {seed: path[level] for seed, path in paths.items() if level < len(path)}
        levels.append(_level(level, trials, states, reader))
    notes = tuple(_notes(paths, len(levels)))
    return Analysis(study.name, run, study_spec(study).pruning.rewind_step, tuple(levels), notes)


def to_json(analysis: Analysis) -> dict[str, Any]:
    """Return what `scyc analyse --json` prints: plain values, with fractions in [0, 1]."""
    return {
        "analysis": 1,
        "study": analysis.study,
        "run": analysis.run,
        "rewind_step": analysis.rewind_step,
        "levels": [
            {
                "level": level.level,
                "density": level.density,
                "max_lrs": dict(level.max_lrs),
                "signs": {
                    reference: {"mean": signs.mean, "by_seed": dict(signs.by_seed), "layers": dict(signs.layers)}
                    for reference, signs in level.signs.items()
                },
                "overlap": vars(level.overlap) if level.overlap else None,
            }
            for level in analysis.levels
        ],
        "notes": list(analysis.notes),
    }


def _level(
    level: int, trials: Mapping[int, TrialRecord], states: dict[str, dict[int, State]], reader: _Reader
) -> LevelAnalysis:
    """Return the analysis of one level. `states` are the references by seed; "previous" is updated to this level."""
    masks: dict[int, Masks] = {}
    agreements: dict[str, dict[int, dict[str, Agreement]]] = {reference: {} for reference in REFERENCES}
    for seed, trial in trials.items():
        checkpoint = reader.checkpoint(trial)
        masks[seed] = checkpoint.masks
        if level == 0:
            states["dense"][seed] = checkpoint.state
            states["rewind"][seed] = reader.rewind_point(trial)
        for reference, by_seed in states.items():
            if seed in by_seed:
                agreements[reference][seed] = sign_agreement(by_seed[seed], checkpoint.state, checkpoint.masks)
        states["previous"][seed] = checkpoint.state
    return LevelAnalysis(
        level=level,
        density=_mean([one.density for one in masks.values()]),
        max_lrs={seed: trial.max_lr for seed, trial in trials.items()},
        signs={reference: _signs(by_seed) for reference, by_seed in agreements.items() if by_seed},
        overlap=_shared([mask_overlap(one, other) for one, other in combinations(masks.values(), 2)]),
    )


def _signs(by_seed: Mapping[int, Mapping[str, Agreement]]) -> Signs:
    layers: dict[str, float | None] = {}
    for name in next(iter(by_seed.values())):
        fractions = [layers[name].fraction for layers in by_seed.values()]
        known = [fraction for fraction in fractions if fraction is not None]
        layers[name] = _mean(known) if len(known) == len(fractions) else None
    return Signs({seed: pooled(found.values()).fraction or 0.0 for seed, found in by_seed.items()}, layers)


def _shared(overlaps: Sequence[Overlap]) -> Shared | None:
    if not overlaps:
        return None
    return Shared(
        _mean([pair.jaccard for pair in overlaps]),
        _mean([pair.chance for pair in overlaps]),
        _mean([pair.layer_chance for pair in overlaps]),
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _winners(store: Store, study: StudyRecord) -> Paths:
    """Return, by seed, the winners' trials at the decided levels; each starts from the one before."""
    spec, run = study_spec(study), store.find_run(study.id, ORACLE)
    paths: Paths = {seed: [] for seed in sorted(spec.seeds)}
    decided = store.levels(run.id) if run else []
    if run is None or not decided:
        raise InputError(f"The oracle of {study.name!r} has not decided a level yet; wait for the sweep, or resume it.")
    run_id = run.id
    for step in lineage.walk(decided, spec, lambda level: store.trials(run_id, level.level, level.winner)):
        for trial in step.trials:
            if trial.result is not None:
                paths[trial.seed].append(trial)
    return {seed: path for seed, path in paths.items() if path}


def _walked(store: Store, study: StudyRecord, run: str) -> Paths:
    """Return, by seed, the trials of a run that follows a schedule."""
    runs = {REPLAYED if name == ORACLE else name: view for name, view in view_runs(store, study).items()}
    if run not in runs:
        there = ", ".join([ORACLE, *sorted(runs)])
        raise InputError(
            f"{study.name!r} has no run {run!r} with a finished trial; choose one of {there}, or train it with "
            f"`{command('run', study.name, db=store.url)}`."
        )
    return {seed: list(path) for seed, path in runs[run].paths.items()}


def _notes(paths: Mapping[int, Sequence[TrialRecord]], levels: int) -> Iterable[str]:
    short = [str(seed) for seed, path in paths.items() if len(path) < levels]
    if short:
        yield f"Some seeds have not reached the last level ({', '.join(short)}); the last means are over fewer seeds."
    lost = [
        f"level {trial.level}, seed {seed}"
        for seed, path in paths.items()
        for trial in path
        if trial.result is not None and trial.result.counted(None).diverged
    ]
    if lost:
        yield f"Some trials diverged ({'; '.join(lost)}). A weight that is not a number counts as disagreeing."


def _natural(name: str) -> list[str | int]:
    """Return a key that sorts "2.weight" before "10.weight"."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


class _Reader:
    """Fetches weights, and says which are no longer stored."""

    def __init__(self, artifacts: Artifacts, study: StudyRecord, run: str) -> None:
        self.artifacts, self.study, self.run = artifacts, study, run

    def checkpoint(self, trial: TrialRecord) -> Checkpoint:
        """Return a trained network, its layers ordered by name, since safetensors keeps no order."""
        digest = trial.result.checkpoint if trial.result else None
        found = load_checkpoint(self._bytes(trial, digest, "trained weights"))
        return replace(found, masks=found.masks.in_order(sorted(found.masks.kept, key=_natural)))

    def rewind_point(self, trial: TrialRecord) -> State:
        return load_snapshot(
            self._bytes(trial, trial.result.rewind_point if trial.result else None, "rewind point")
        ).state

    def _bytes(self, trial: TrialRecord, digest: str | None, what: str) -> bytes:
        if digest is None or not self.artifacts.exists(digest):
            raise InputError(
                f"The artifact store {self.artifacts.url} no longer has the {what} of {self.run} at level "
                f"{trial.level}, seed {trial.seed}, so the signs of {self.study.name!r} cannot be analysed; restore "
                "the store from a backup, or train the study again under another name."
            )
        return self.artifacts.get(digest)
