"""From a study's rows to arrays; what is not a finished grid study is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.spec.metric import ACCURACY
from oracle.study import lineage
from oracle.study.checking import explained
from oracle.study.commands import command
from oracle.study.opening import ORACLE, study_spec
from scyc import InputError
from scyc.answers import bits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.spec.model import Spec
    from studies import AnswersRecord, Store, TrialRecord, TrialResult


def study_arrays(store: Store, name: str, answers: bool) -> dict[str, Any]:
    """Return the fields of a `Recording` that come from the database.

    Args:
        store: the study's database.
        name: its name.
        answers: whether to take the answers too.

    Raises:
        InputError: the study is not finished, or not a full grid; or its trials are trainings of the user's own that do
            not all report at the same steps.
    """
    with explained(store, name):
        study = store.study(name)
        spec = study_spec(study)
        if spec.search.method != "grid":
            raise InputError(
                f"The study {name!r} was searched by {spec.search.method!r}; only a grid has every candidate on every "
                "seed, which a replay needs."
            )
        run = store.find_run(study.id, ORACLE)
        decided = store.levels(run.id) if run else []
        if run is None or len(decided) < spec.levels:
            raise InputError(
                f"The study {name!r} is not finished: {len(decided)} of its {spec.levels} levels are decided. Finish "
                f"it first: `{command('resume', name, db=store.url)}`."
            )
        trials = store.trials(run.id, curves=True)
        steps = list(lineage.walk(decided, spec, lambda level: [t for t in trials if t.level == level.level]))
        rates = sorted({trial.max_lr for trial in steps[0].trials})
        levels = [_by_cell(step.trials, spec, rates, name) for step in steps]
        steps_of = _steps(levels, spec, name)
        counts = answers and spec.metric.name == ACCURACY.name  # to another metric, an answer is not what counts
        recorded = store.answers(run.id, "validation") if counts else {}
        return {
            "spec": spec,
            "rates": np.array(rates),
            "seeds": np.array(spec.seeds),
            "densities": np.array([step.level.density for step in steps]),
            "winners": np.array([step.level.winner for step in steps]),
            "steps": np.array(steps_of),
            **_results(levels, spec, len(steps_of)),
            **_answers(levels, recorded),
        }


Cells = list[list[tuple[int, "TrialResult"]]]
"""The trials of a level, by id: a list for each candidate, with one for each seed."""


def _by_cell(trials: Sequence[TrialRecord], spec: Spec, rates: Sequence[float], name: str) -> Cells:
    complete = {(t.max_lr, t.seed): (t.id, t.result.counted(spec.metric.worst)) for t in trials if t.result is not None}
    if {trial.max_lr for trial in trials} != set(rates) or len(complete) != len(rates) * len(spec.seeds):
        raise InputError(
            f"The study {name!r} is not a full grid: at level {trials[0].level} it does not have the same candidates "
            "as at level 0, all of them on every seed. A grid that was widened at some levels does not; sweep one with "
            "search.widen = 0."
        )
    return [[complete[rate, seed] for seed in spec.seeds] for rate in rates]


def _steps(levels: Sequence[Cells], spec: Spec, name: str) -> list[int]:
    """Return where trainings report: after each epoch, or as those of the user's own did.

    Raises:
        InputError: those do not all report at the same steps, or never.
    """
    if not spec.own_training:
        return list(range(spec.epochs))
    reported = {tuple(one.step for one in result.epochs) for cells in levels for row in cells for _, result in row}
    longest = max(reported, key=len)
    if not longest or any(steps != longest[: len(steps)] for steps in reported):
        raise InputError(
            f"The trainings of the study {name!r} do not all report at the same steps, which a replay needs: they are "
            "stopped where they reported. Call trial.report at the same steps in every training."
        )
    return list(longest)


def _results(levels: Sequence[Cells], spec: Spec, epochs: int) -> dict[str, Any]:
    """Return what the trainings reached, as scores: the worst one, or as bad as any, where a training is not finite."""
    shape, metric = (len(levels), len(levels[0]), len(levels[0][0])), spec.metric
    found: dict[str, Any] = {name: np.full(shape, np.nan) for name in ("validation", "test")}
    found |= {name: np.zeros(shape, bool) for name in ("diverged", "finite")}
    found |= {"epochs": np.zeros(shape, int), "curves": np.full((*shape, epochs), np.nan, np.float32)}
    for place in np.ndindex(*shape):
        _, result = levels[place[0]][place[1]][place[2]]
        for split, value in (("validation", result.val), ("test", result.test)):
            found[split][place] = np.nan if value is None else metric.score(value)
        found["diverged"][place], found["finite"][place] = result.diverged, result.finite
        found["epochs"][place] = len(result.epochs)
        found["curves"][place][: len(result.epochs)] = [
            -np.inf if epoch.val is None else metric.score(epoch.val) for epoch in result.epochs
        ]
    lost = ~found["finite"]
    if metric.worst is None and lost.any():  # no score is the worst
        for split in ("validation", "test"):
            found[split][lost] = np.nanmin(found[split], initial=0.0)
    return found


def _answers(levels: Sequence[Cells], recorded: dict[int, AnswersRecord]) -> dict[str, Any]:
    """Return the bits of the answers if all trials have some, on as many examples."""
    trials = [trial for cells in levels for row in cells for trial, _ in row]
    there = [recorded[trial] for trial in trials if trial in recorded]
    shape = (len(levels), len(levels[0]), len(levels[0][0]))
    if len(there) < len(trials) or len({record.examples for record in there}) != 1:
        return {"answers": np.zeros((*shape, 0), np.uint8), "examples": 0}
    rows = b"".join(bits(record.bits, record.examples) for record in there)
    return {"answers": np.frombuffer(rows, np.uint8).reshape(*shape, -1), "examples": there[0].examples}
