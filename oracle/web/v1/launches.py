"""Launches: sweeps that are started through the service, each with a driver of its own."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from oracle.api.controlling import cancel
from oracle.spec.files import parse_spec
from oracle.web.refusals import Refusal
from oracle.web.service import Asked
from oracle.web.v1.models import Launch, Launches
from oracle.web.v1.summaries import launch_of
from oracle.web.v1.writing import Options, Writing, change
from scyc import InputError

if TYPE_CHECKING:
    from oracle.spec.model import Spec

router = APIRouter(tags=["launches"])

LaunchId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Number of the launch.")]


class Sweep(Options):
    """A sweep to launch."""

    name: str = Field(min_length=1, max_length=255, description="Name of the new study.")
    spec: dict[str, Any] | Annotated[str, Field(max_length=100_000)] = Field(
        description="The spec, as TOML text or as values. What is left out has its default."
    )

    def parsed(self) -> Spec:
        """Return the spec.

        Raises:
            InputError: it is not valid.
        """
        try:
            values = tomllib.loads(self.spec) if isinstance(self.spec, str) else self.spec
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"The spec is not TOML: {error}.") from error
        return parse_spec(values, "as sent")


@router.post("/launches", status_code=202, summary="Launch the sweep of a new study")
async def launch(service: Asked, writing: Writing, sweep: Sweep) -> Launch:
    """Accept a sweep. Its driver starts in a process or a job of its own, and goes on when this service is stopped."""
    return await change(
        service, lambda: launch_of(service.store, writing.sweep(sweep.name, sweep.parsed(), sweep.given()))
    )


@router.get("/launches", summary="List launches")
async def launches(
    service: Asked,
    study: Annotated[str | None, Query(max_length=255, description="Name of a study, for its own.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Launches:
    """Return launches, the newest first."""

    def work() -> Launches:
        return Launches(launches=[launch_of(service.store, one) for one in service.store.launches(study, limit)])

    return await service.read(work)


@router.get("/launches/{number}", summary="Read a launch")
async def read_launch(service: Asked, number: LaunchId) -> Launch:
    """Return a launch."""
    return await service.read(lambda: launch_of(service.store, service.store.launch(number)))


@router.post("/launches/{number}/resume", status_code=202, summary="Start a launch's driver again")
async def start_again(service: Asked, writing: Writing, number: LaunchId) -> Launch:
    """Start a driver for a launch that none has begun with."""

    def work() -> Launch:
        if service.store.launch(number).state != "accepted":
            raise Refusal(409, "A driver has begun with this launch, or it has ended; resume its study instead.")
        return launch_of(service.store, writing.again(number))

    return await change(service, work)


@router.delete("/launches/{number}", summary="Withdraw a launch")
async def withdraw(service: Asked, writing: Writing, number: LaunchId) -> Launch:
    """Withdraw a launch that no driver has begun with; stop the driver of one that is under way."""

    def work() -> Launch:
        found = service.store.launch(number)
        if found.ended_at is None:
            cancel(found.study, writing.db)
        return launch_of(service.store, service.store.launch(number))

    return await change(service, work)
