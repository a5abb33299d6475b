"""Studies: the list, one of them, its curve, its figures, its surface and its spec."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from oracle.report import figures as of_sweep
from oracle.report.comparison import figures as of_comparison
from oracle.results.intervals import DEFAULT_RULE, RULES
from oracle.results.study_view import StudyView
from oracle.spec.files import spec_toml
from oracle.spec.presets import preset_names, preset_text
from oracle.web.refusals import Refusal
from oracle.web.service import Asked
from oracle.web.v1 import models
from oracle.web.v1.answering import LARGEST, Number, as_json, read, render
from oracle.web.v1.summaries import summary, summary_of
from scyc import InputError

router = APIRouter(tags=["studies"])

Limit = Annotated[int, Query(ge=1, le=500, description="At most so many.")]
After = Annotated[int | None, Query(ge=0, le=LARGEST, description="Only what comes after this number.")]


@router.get("/studies", response_model=models.Studies, summary="List the studies")
async def studies(
    service: Asked,
    name: Annotated[str | None, Query(max_length=255, description="Only names that contain this.")] = None,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List the studies of the database, oldest first; one that cannot be read does not hide the others."""

    def work() -> models.Studies:
        names = service.store.study_names()
        numbers = [number for number in names if number > (after or 0) and (name or "") in names[number]]
        page = numbers[:limit]
        found = [one for number in page if (one := summary(service.store, number, names[number])) is not None]
        return models.Studies(studies=found, next=page[-1] if len(numbers) > limit else None)

    return await read(service, work)


@router.get("/studies/{number}", response_model=models.Study, summary="Show a study")
async def study(service: Asked, number: Number) -> Response:
    """Show how far a study is, what it costs, and what it is."""

    def work() -> models.Study:
        reader = service.reader(number)
        view, spec = reader.view(), reader.spec
        cost = view.cost
        return models.Study(
            **summary_of(number, view.status).model_dump(),
            metric=models.Metric(**spec.metric.model_dump()),
            rate=spec.pruning.rate,
            rules=list(RULES),
            default_rule=DEFAULT_RULE,
            profile=spec.profile.model_dump(mode="json"),
            cost=models.CostSoFar(
                seconds=cost.compute_seconds,
                epochs=cost.epochs,
                unit=spec.trial.unit,
                wall_seconds=cost.wall_seconds,
            ),
            activity=models.Activity(workers=None, trials_per_minute=None),
            failures=cost.failed,
            provenance=dict(view.provenance),
            cursor=_cursor(view),
        )

    return await read(service, work)


@router.get("/studies/{number}/curve", response_model=models.Curve, summary="Show the oracle curve")
async def curve(service: Asked, number: Number) -> Response:
    """Show the decided levels: winners, intervals by every rule, and the best by the model of the surface."""

    def work() -> models.Curve:
        view = service.reader(number).view()
        return models.Curve(
            cursor=_cursor(view),
            levels=[
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
                    intervals={
                        rule: models.Interval(
                            low=one.low, high=one.high, low_open=one.low_open, high_open=one.high_open
                        )
                        if one
                        else None
                        for rule, one in level.intervals.items()
                    },
                )
                for level in view.levels
                if level.chosen is not None
            ],
        )

    return await render(service, work)


@router.get("/studies/{number}/figures/{name}", response_model=models.Figure, summary="Show a figure")
async def figure(service: Asked, number: Number, name: str) -> Response:
    """Return a figure of the report, or of the comparison with schedules, as Plotly JSON."""

    def work() -> models.Figure:
        reader = service.reader(number)
        if name in of_sweep.SWEEP_FIGURES:
            plate = of_sweep.plate(name, reader.view())
        elif name in of_comparison.COMPARISON_FIGURES:
            try:
                plate = of_comparison.plate(name, reader.compare())
            except InputError as error:
                return models.Figure(name=name, title=name, caption=str(error), note="", figure=None)
        else:
            there = ", ".join([*of_sweep.SWEEP_FIGURES, *of_comparison.COMPARISON_FIGURES])
            raise Refusal(404, f"There is no figure of that name; choose one of {there}.")
        return models.Figure(
            name=name,
            title=plate.title,
            caption=plate.caption,
            note=" ".join(plate.sentences),
            figure=dict(plate.figure) if plate.figure else None,
        )

    return await render(service, work)


@router.get("/studies/{number}/surface", response_model=models.Surface, summary="Show the surface")
async def surface(service: Asked, number: Number) -> Response:
    """Show what every candidate reached at every level."""

    def work() -> models.Surface:
        view = service.reader(number).view()
        levels = []
        for level in view.levels:
            means = {candidate.max_lr: candidate for candidate in level.candidates}
            cells = []
            for max_lr in dict.fromkeys(trial.max_lr for trial in level.trials):
                states = [trial.state for trial in level.trials if trial.max_lr == max_lr]
                mean = means.get(max_lr)
                cells.append(
                    models.Cell(
                        max_lr=max_lr,
                        val=mean.val if mean else None,
                        trials=len(states),
                        pending=states.count("pending"),
                        failed=states.count("failed"),
                        stopped=states.count("stopped"),
                        diverged=mean.diverged if mean else 0,
                    )
                )
            levels.append(models.SurfaceLevel(level=level.level, density=level.density, cells=cells))
        return models.Surface(cursor=_cursor(view), levels=levels)

    return await read(service, work)


@router.get("/studies/{number}/spec", response_model=models.StudySpec, summary="Show the spec")
async def spec(service: Asked, number: Number) -> Response:
    """Show a study's spec, as TOML and as values."""

    def work() -> models.StudySpec:
        found = service.reader(number).spec
        return models.StudySpec(toml=spec_toml(found), values=found.to_dict())

    return await read(service, work)


@router.get("/presets", response_model=models.Presets, summary="List the presets")
async def presets() -> Response:
    """List the papers' protocols, ready to be started as studies."""
    found = [
        models.Preset(name=name, toml=text, about=text.partition("\n")[0].lstrip("# "))
        for name in preset_names()
        for text in [preset_text(name)]
    ]
    return as_json(models.Presets(presets=found).model_dump_json())


def _cursor(view: StudyView) -> str:
    status = view.status
    return f"{len(status.decided)}.{status.done}.{status.stopped}.{status.failed}.{status.pending}"
