"""Studies: the list, one of them, and its spec."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from oracle.results.intervals import RULES
from oracle.results.status import study_status
from oracle.spec.files import spec_toml
from oracle.spec.presets import preset_names, preset_text
from oracle.study.opening import study_spec
from oracle.web.judging import default_rule
from oracle.web.seeing import Seen
from oracle.web.service import Asked
from oracle.web.v1 import models
from oracle.web.v1.answering import LARGEST, Number, as_json, read
from oracle.web.v1.summaries import launch_of, summary, summary_of

router = APIRouter(tags=["studies"])

PATIENCE = 0.3
"""Seconds that the page of a study waits for its levels to be read, to say which rules they can be judged by."""

RECENTLY = timedelta(minutes=5)
"""Over how long the pace of the workers is taken."""

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
        seen = Seen.of(service, number)
        name = seen.changes.name
        status, record = study_status(service.store, name), service.store.study(name)
        spec = study_spec(record)
        cost = seen.cost(spec)
        decided = seen.decided_soon(PATIENCE)
        return models.Study(
            **summary_of(number, status).model_dump(),
            metric=models.Metric(**spec.metric.model_dump()),
            rate=spec.pruning.rate,
            rules=[rule for rule in RULES if decided is None or decided.affordable or not RULES[rule].modelled],
            default_rule=default_rule(decided),
            profile=spec.profile.model_dump(mode="json"),
            cost=models.CostSoFar(
                seconds=cost.compute_seconds,
                epochs=cost.epochs,
                unit=spec.trial.unit,
                wall_seconds=cost.wall_seconds,
            ),
            activity=_activity(seen),
            failures=seen.changes.counts["failed"],
            launch=next((launch_of(service.store, one) for one in service.store.launches(name, most=1)), None),
            provenance=dict(record.provenance),
            cursor=seen.cursor,
        )

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


def _activity(seen: Seen) -> models.Activity:
    """Return how many workers a study has, and how fast they are."""
    if not seen.changes.alive:
        return models.Activity(workers=None, trials_per_minute=None)
    store = seen.service.store
    recent = seen.changes.finished_at
    runs = store.runs(seen.number)
    since = datetime.now(UTC) - RECENTLY
    finished = sum(store.finished_since(run.id, since) for run in runs) if recent and recent >= since else 0
    return models.Activity(
        workers=store.workers(seen.number), trials_per_minute=finished / (RECENTLY / timedelta(minutes=1))
    )
