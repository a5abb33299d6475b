"""What a study found: its curve, its figures and its surface."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fastapi import APIRouter, Response

from oracle.report import figures as of_sweep
from oracle.report.comparison import figures as of_comparison
from oracle.results.intervals import Interval
from oracle.results.study_view import StudyView
from oracle.spec.model import Spec
from oracle.spec.search import RACING
from oracle.web.judging import too_many
from oracle.web.refusals import Refusal
from oracle.web.seeing import Seen
from oracle.web.service import Asked
from oracle.web.v1 import models
from oracle.web.v1.answering import Number, read, render
from scyc import InputError, density
from scyc.pruning.coverage import Coverage
from studies import CandidateRecord

router = APIRouter(tags=["studies"])

PATIENCE = 0.3
"""Seconds that an answer waits for what takes long; then it says that this is missing."""

READING = "The trials are being read; ask again in a moment for the intervals."
FITTING = "The model of the surface is being fitted; ask again in a moment."


@router.get("/studies/{number}/curve", response_model=models.Curve, summary="Show the oracle curve")
async def curve(service: Asked, number: Number) -> Response:
    """Show the decided levels: winners, intervals by every rule, and the best by the model of the surface."""

    def work() -> models.Curve:
        seen = Seen.of(service, number)
        decided = seen.decided_soon(PATIENCE)
        if decided is None:
            return models.Curve(cursor=seen.cursor, levels=_plain(seen), note=READING, partial=True)
        fitted = seen.fitted_soon(decided, PATIENCE)
        note = None if fitted or not decided.levels else FITTING if decided.affordable else too_many(decided)
        return models.Curve(
            cursor=seen.cursor,
            levels=_levels(seen.view(decided, fitted=fitted)),
            note=note,
            partial=note == FITTING,
        )

    return await read(service, work)


@router.get("/studies/{number}/figures/{name}", response_model=models.Figure, summary="Show a figure")
async def figure(service: Asked, number: Number, name: str) -> Response:
    """Return a figure of the report, or of the comparison with schedules, as Plotly JSON."""

    def missing(why: str) -> models.Figure:
        return models.Figure(name=name, title=name.capitalize(), caption=why, note="", figure=None)

    def work() -> models.Figure:
        seen = Seen.of(service, number)
        decided = seen.decided_soon(PATIENCE)
        if decided is None:
            return missing(READING)
        fitted = seen.fitted_soon(decided, PATIENCE)
        if name in of_sweep.SWEEP_FIGURES:
            plate = of_sweep.plate(name, seen.view(decided, fitted=fitted))
        elif not fitted and decided.levels:
            return missing(FITTING if decided.affordable else too_many(decided))
        else:
            try:
                plate = of_comparison.plate(name, service.reader(number).compare())
            except InputError as error:
                return missing(str(error))
        note = " ".join([*plate.sentences, *([] if fitted or decided.affordable else [too_many(decided)])])
        return models.Figure(
            name=name,
            title=plate.title,
            caption=plate.caption,
            note=note,
            figure=dict(plate.figure) if plate.figure else None,
        )

    if name not in (*of_sweep.SWEEP_FIGURES, *of_comparison.COMPARISON_FIGURES):
        there = ", ".join([*of_sweep.SWEEP_FIGURES, *of_comparison.COMPARISON_FIGURES])
        raise Refusal(404, f"There is no figure of that name; choose one of {there}.")
    return await (read if name in of_sweep.SWEEP_FIGURES else render)(service, work)


@router.get("/studies/{number}/surface", response_model=models.Surface, summary="Show the surface")
async def surface(service: Asked, number: Number) -> Response:
    """Show what every candidate reached at every level."""

    def work() -> models.Surface:
        seen = Seen.of(service, number)
        spec = service.reader(number).spec
        levels = [
            models.SurfaceLevel(level=level, density=density(level, spec.pruning.rate), cells=cells)
            for level, cells in enumerate(_cells(seen, spec))
        ]
        return models.Surface(cursor=seen.cursor, levels=levels)

    return await read(service, work)


def _cells(seen: Seen, spec: Spec) -> Iterator[list[models.Cell]]:
    """Return the candidates of each level, from level 0 on, up to the first that has none.

    Those of a decided level are remembered.
    """
    store, run, known = seen.service.store, seen.run, seen.service.levels
    if run is None:
        return
    decided = {one.level: one for one in store.levels(run.id)}
    left: dict[int, str] = {}
    for level in range(spec.levels):
        record, parents = decided.get(level), list(left.values())

        def read(level: int = level, parents: list[str] = parents) -> list[models.Cell]:
            found = store.candidates(run.id, level, spec.seeds, spec.trial_hash, parents)
            return [_cell(one, spec.metric.worst) for one in found]

        if record is None:
            if cells := read():
                yield cells
            return
        key = ("cells", seen.number, record, spec.hash, seen.changes.ended if spec.search.method == RACING else None)
        yield known.get((*key, *parents), read)
        left = known.get(("left", *key, *parents), partial(store.left_by, run.id, level, record.winner, left))


def _levels(view: StudyView) -> list[models.CurveLevel]:
    return [
        models.CurveLevel(
            level=level.level,
            density=level.density,
            network_density=view.status.densities(level.density).get("network_density"),
            winner=level.winner,
            edge=level.edge,
            silence=level.silence,
            best=models.Best(max_lr=best.best, low=best.low, high=best.high)
            if (best := view.best.levels.get(level.level))
            else None,
            intervals={rule: _interval(one) for rule, one in level.intervals.items()},
        )
        for level in view.levels
        if level.chosen is not None
    ]


def _plain(seen: Seen) -> list[models.CurveLevel]:
    """Return the decided levels as the database has them, without what their trials say."""
    store = seen.service.store
    coverage = Coverage.read(store.study(seen.changes.name).provenance.get("network"))
    return [
        models.CurveLevel(
            level=one.level,
            density=one.density,
            network_density=coverage.network_density(one.density) if coverage else None,
            winner=one.winner,
            edge=one.edge,
            silence=None,
            best=None,
            intervals={},
        )
        for one in (store.levels(seen.run.id) if seen.run else ())
    ]


def _interval(found: Interval | None) -> models.Interval | None:
    if found is None:
        return None
    return models.Interval(low=found.low, high=found.high, low_open=found.low_open, high_open=found.high_open)


def _cell(found: CandidateRecord, worst: float | None) -> models.Cell:
    """Return a candidate; a training that is not finite counts with the metric's worst value, if that has one."""
    complete = found.trials["complete"]
    lacking = complete - found.finite
    known = complete > 0 and (not lacking or worst is not None)
    return models.Cell(
        max_lr=found.max_lr,
        val=(found.val + lacking * (worst or 0.0)) / complete if known and not found.trials["stopped"] else None,
        trials=sum(found.trials.values()),
        pending=found.trials["pending"],
        failed=found.trials["failed"],
        stopped=found.trials["stopped"],
        diverged=found.diverged,
    )
