"""Trials of a study, page by page, and one with its learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from oracle.spec.model import Spec
from oracle.study.opening import ORACLE
from oracle.web.refusals import Refusal
from oracle.web.service import Asked
from oracle.web.v1 import models
from oracle.web.v1.answering import LARGEST, Number, read
from scyc.profiles.profile import LevelProfile
from studies import EpochRecord, TrialRecord

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
        service.reader(number)  # or there is no such study
        found = service.store.trial_page(
            number, after=after or 0, most=limit + 1, level=level, state=state, seed=seed, run=run
        )
        page = [shown(*one) for one in found[:limit]]
        return models.Trials(trials=page, next=page[-1].id if len(found) > limit else None)

    return await read(service, work)


@router.get("/studies/{number}/trials/{trial}", response_model=models.WholeTrial, summary="Show a trial")
async def trial(
    service: Asked, number: Number, trial: Annotated[int, Path(ge=1, le=LARGEST, description="Number of the trial.")]
) -> Response:
    """Show a trial with its learning curve, and the traceback if it failed."""

    def work() -> models.WholeTrial:
        reader = service.reader(number)
        found = service.store.find_trial(number, trial)
        if found is None:
            raise Refusal(404, f"The study {number} has no trial {trial}.")
        record, run, machine = found
        ended = record.result or record.stopped
        epochs = _thinned(ended.epochs if ended else ())
        rates = _rates(reader.spec, record, run, epochs)
        return models.WholeTrial(
            **shown(record, run).model_dump() | {"error": record.error},
            machine=machine,
            parent=record.parent,
            epochs=[
                models.Epoch(
                    step=epoch.step, val=epoch.val, val_loss=epoch.val_loss, train_loss=epoch.train_loss, lr=rate
                )
                for epoch, rate in zip(epochs, rates, strict=True)
            ],
        )

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


def _thinned(epochs: Sequence[EpochRecord]) -> Sequence[EpochRecord]:
    """Return a learning curve with as many points as an answer may have, evenly spaced; the last one is kept."""
    if len(epochs) <= MOST_EPOCHS:
        return epochs
    return [epochs[round(i * (len(epochs) - 1) / (MOST_EPOCHS - 1))] for i in range(MOST_EPOCHS)]


def _rates(spec: Spec, trial: TrialRecord, run: str, epochs: Sequence[EpochRecord]) -> list[float | None]:
    """Return the learning rate at the end of each epoch; None where the training is the user's own, or a run's."""
    if spec.own_training or run != ORACLE:
        return [None] * len(epochs)
    profile = spec.profile.build()
    if isinstance(profile, LevelProfile):
        profile = profile.at(trial.level)
    return [trial.max_lr * profile(min((epoch.step + 1) / spec.epochs, 1.0)) for epoch in epochs]
