"""All routes of the HTTP API, and what any of them may be refused with."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from oracle.web.v1 import controls, curves, events, exports, launches, schedules, session, studies, trials
from oracle.web.v1.models import Error

_REFUSALS = {
    400: "The request makes no sense, or is for another host.",
    401: "The token is missing or wrong.",
    403: "This is not allowed here.",
    404: "There is no such study, trial or figure.",
    409: "The study is in no state for this.",
    413: "The request is too large.",
    422: "A value is not valid.",
    429: "There were too many wrong tokens.",
    503: "The database is away, or the service is busy; try again later.",
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Error, "description": description} for status, description in _REFUSALS.items()
}

router = APIRouter(responses=RESPONSES)
for part in (session, studies, curves, trials, schedules, exports, events, controls, launches):
    router.include_router(part.router)
