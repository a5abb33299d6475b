"""What can be done with a study: pause, cancel, resume, extend and delete it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from oracle.api import controlling
from oracle.api.managing import delete_study
from oracle.web.service import Asked
from oracle.web.v1.answering import Number
from oracle.web.v1.models import Answer, Launch, StudyState
from oracle.web.v1.summaries import launch_of
from oracle.web.v1.writing import Options, Writing, change

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.web.service import Service

router = APIRouter(tags=["controls"])

MaxLr = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Resume(Options):
    """How to resume."""

    retry_failed: bool = Field(default=False, description="Whether to train trials again that failed for good.")


class Extension(Options):
    """What to add to a study."""

    levels: Annotated[int, Field(ge=1, le=200)] | None = Field(default=None, description="New number of levels.")
    seeds: list[Seed] = Field(default=[], max_length=1000, description="Seeds to add.")
    candidates: list[MaxLr] = Field(
        default=[], max_length=1000, description="Values of max_lr to add, for a study that searches a grid."
    )
    count: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="New number of candidates per level, for a study whose sampler proposes them."
    )


class Stopped(Answer):
    """A study that was stopped."""

    state: StudyState


@router.post("/studies/{number}/pause", summary="Pause a study")
async def pause(service: Asked, writing: Writing, number: Number) -> Stopped:
    """Let no more trials start: none does after the answer. Those under way are finished and recorded."""
    return await _stopped(service, number, lambda name: controlling.pause(name, writing.db))


@router.post("/studies/{number}/cancel", summary="Cancel what is under way")
async def cancel(service: Asked, writing: Writing, number: Number) -> Stopped:
    """Stop the driver at once: nothing more is recorded after the answer. The study can be resumed."""
    return await _stopped(service, number, lambda name: controlling.cancel(name, writing.db))


@router.post("/studies/{number}/resume", status_code=202, summary="Resume a study")
async def resume(service: Asked, writing: Writing, number: Number, how: Resume | None = None) -> Launch:
    """Launch a driver that trains what is missing."""
    wanted = how or Resume()

    def work() -> Launch:
        options = wanted.given(retry_failed=wanted.retry_failed)
        return launch_of(service.store, writing.resume(service.reader(number).name, options))

    return await change(service, work)


@router.post("/studies/{number}/extend", status_code=202, summary="Extend a study")
async def extend(service: Asked, writing: Writing, number: Number, extension: Extension) -> Launch:
    """Launch a driver that adds levels, seeds or candidates, and trains only the new cells."""
    more = extension.model_dump(include={"levels", "seeds", "candidates", "count"})
    return await change(
        service,
        lambda: launch_of(service.store, writing.extend(service.reader(number).name, extension.given(), **more)),
    )


@router.delete("/studies/{number}", status_code=204, summary="Delete a study")
async def delete(service: Asked, writing: Writing, number: Number) -> Response:
    """Delete a study with its trials, its weights and its mirror."""
    await change(service, lambda: delete_study(service.reader(number).name, writing.db, _unsaid))
    return Response(status_code=204)


async def _stopped(service: Service, number: int, stop: Callable[[str], None]) -> Stopped:
    def work() -> Stopped:
        reader = service.reader(number)
        stop(reader.name)
        return Stopped(state=reader.status.state)

    return await change(service, work)


def _unsaid(_: str) -> None:
    """Weights that belong to another database stay; nobody is there to be told."""
