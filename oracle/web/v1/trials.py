"""Trials of a study, page by page, and one with its learning curve."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from oracle.web.refusals import Refusal
from oracle.web.service import Asked, Service
from oracle.web.v1 import models
from oracle.web.v1.answering import LARGEST, Number, read
from studies import TrialRecord

router = APIRouter(tags=["trials"])

MOST_EPOCHS = 500


@router.get("/studies/{number}/trials", response_model=models.Trials, summary="List trials")
async def trials(
    service: Asked,
    number: Number,
    level: Annotated[int | None, Query(ge=0, le=LARGEST)] = None,
    state: models.TrialState | None = None,
    seed: Annotated[int | None, Query(ge=-(2**63), lt=2**63)] = None,
    run: Annotated[str | None, Query(max_length=255, description="Name of a run: `oracle`, or a schedule's.")] = None,
    after: Annotated[int | None, Query(ge=0, le=LARGEST, description="Only what comes after this number.")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="At most so many.")] = 100,
) -> Response:
    """List the trials of a study, by their numbers."""

    def work() -> models.Trials:
        found = [
            trial
            for trial in _trials(service, number)
            if (level is None or trial.level == level)
            and (state is None or trial.state == state)
            and (seed is None or trial.seed == seed)
            and (run is None or trial.run == run)
            and trial.id > (after or 0)
        ]
        return models.Trials(trials=found[:limit], next=found[limit - 1].id if len(found) > limit else None)

    return await read(service, work)


@router.get("/studies/{number}/trials/{trial}", response_model=models.WholeTrial, summary="Show a trial")
async def trial(
    service: Asked, number: Number, trial: Annotated[int, Path(ge=1, le=LARGEST, description="Number of the trial.")]
) -> Response:
    """Show a trial with its learning curve, and the traceback if it failed."""

    def work() -> models.WholeTrial:
        reader = service.reader(number)
        study = service.store.study(reader.name)
        for run in service.store.runs(study.id):
            for record in service.store.trials(run.id, curves=True):
                if record.id == trial:
                    ended = record.result or record.stopped
                    return models.WholeTrial(
                        **shown(record, run.name).model_dump() | {"error": record.error},
                        machine=None,
                        parent=record.parent,
                        epochs=[
                            models.Epoch(
                                step=epoch.step,
                                val=epoch.val,
                                val_loss=epoch.val_loss,
                                train_loss=epoch.train_loss,
                                lr=None,
                            )
                            for epoch in (ended.epochs if ended else ())[:MOST_EPOCHS]
                        ],
                    )
        raise Refusal(404, f"The study {number} has no trial {trial}.")

    return await read(service, work)


def shown(trial: TrialRecord, run: str) -> models.Trial:
    """Return a trial of a run as it is shown."""
    ended = trial.result or trial.stopped
    return models.Trial(
        id=trial.id,
        run=run,
        level=trial.level,
        seed=trial.seed,
        max_lr=trial.max_lr,
        state=trial.state,
        val=trial.result.val if trial.result else None,
        test=trial.result.test if trial.result else None,
        seconds=ended.seconds if ended else None,
        attempts=trial.attempts,
        created_at=trial.created_at,
        finished_at=trial.finished_at,
        error=trial.error.strip().rpartition("\n")[2] if trial.error else None,
    )


def _trials(service: Service, number: int) -> list[models.Trial]:
    study = service.store.study(service.reader(number).name)
    found = [shown(trial, run.name) for run in service.store.runs(study.id) for trial in service.store.trials(run.id)]
    return sorted(found, key=lambda trial: trial.id)
