"""How routes change something: only where that is allowed, and not too often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from oracle.api.launching import Launcher
from oracle.execution.options import ExecutionOptions
from oracle.web.refusals import Refusal
from oracle.web.service import Asked
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.web.service import Service

T = TypeVar("T")


class Body(BaseModel):
    """What a request is to change. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Options(Body):
    """How trials are trained."""

    workers: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        default=None, description="How many trials to train at a time. Default: as many as fit."
    )
    retries: int = Field(default=1, ge=0, le=100, description="How often to train a trial again if it fails.")
    trial_timeout: Annotated[float, Field(gt=0, le=1e9)] | None = Field(
        default=None, description="Seconds after which a trial is ended and counts as failed. Default: no limit."
    )

    def given(self, *, retry_failed: bool = False) -> ExecutionOptions:
        """Return them as the program takes them."""
        return ExecutionOptions(
            workers=self.workers,
            retries=self.retries,
            trial_timeout=self.trial_timeout,
            retry_failed=retry_failed,
        )


async def launcher_of(request: Request, service: Asked) -> Launcher:
    """Return what starts drivers.

    Raises:
        Refusal: nothing may be changed here, or whoever asks has asked too often.
    """
    if service.launcher is None:
        raise Refusal(403, "This service is read-only; start it with --allow-writes to change studies.")
    client = request.client.host if request.client else ""
    if (wait := service.changes.wait(client)) > 0:
        raise Refusal(429, "There were too many changes; try again later.", {"Retry-After": str(int(wait) + 1)})
    service.changes.count(client)
    return service.launcher


Writing = Annotated[Launcher, Depends(launcher_of)]
"""A parameter of a route that changes something: what starts drivers."""


async def change(service: Service, work: Callable[[], T]) -> T:
    """Change something.

    Raises:
        Refusal: the request cannot be carried out as it is.
    """

    def checked() -> T:
        try:
            return work()
        except InputError as error:
            raise Refusal(422, str(error)) from error
        except OSError as error:
            raise Refusal(503, f"No driver could be started ({error.strerror}).") from error

    return await service.write(checked)
