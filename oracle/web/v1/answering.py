"""How routes read: in a thread, down to the bytes of the answer, so that a large one holds up nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from oracle.web.service import Service

LARGEST = 2**31 - 1
"""The largest number of a row, on any database."""

Number = Annotated[int, Path(ge=1, le=LARGEST, description="Number of the study.")]


async def read(service: Service, work: Callable[[], BaseModel]) -> Response:
    """Answer with what a function reads from the database."""
    return as_json(await service.read(lambda: work().model_dump_json()))


async def render(service: Service, work: Callable[[], BaseModel]) -> Response:
    """Answer with what a function works out, which takes a processor for a while."""
    return as_json(await service.render(lambda: work().model_dump_json()))


async def judge(service: Service, work: Callable[[], BaseModel]) -> Response:
    """Answer with a verdict: it takes milliseconds, but whoever comes first waits for a fit, and others with it."""
    return as_json(await service.judge(lambda: work().model_dump_json()))


def as_json(text: str) -> Response:
    """Return an answer that is JSON already."""
    return Response(text, media_type="application/json")
