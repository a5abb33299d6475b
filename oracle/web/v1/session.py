"""Signing in and out."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from oracle.web.access import SESSION_SECONDS, require_right_token
from oracle.web.service import Asked
from oracle.web.v1.models import Session

router = APIRouter(tags=["session"])


class Login(BaseModel):
    """What signs in."""

    token: Annotated[str, Field(max_length=1000)]


@router.get("/session", summary="What a visitor may do")
async def session(service: Asked) -> Session:
    """Say whether studies may be changed, and whether a token is needed."""
    return Session(writes=service.writes, version=version("scyc"), token_needed=service.sessions is not None)


@router.post("/login", status_code=204, summary="Sign in")
async def login(request: Request, service: Asked, given: Login) -> Response:
    """Answer the right token with the cookie of a session."""
    answer = Response(status_code=204)
    if (sessions := service.sessions) is not None:
        require_right_token(request, given.token, sessions, request.app.state.attempts, wrong=403)
        secure = request.url.scheme == "https"
        answer.set_cookie(
            sessions.cookie, sessions.begin(), SESSION_SECONDS, httponly=True, samesite="strict", secure=secure
        )
    return answer


@router.delete("/login", status_code=204, summary="Sign out")
async def logout(request: Request, service: Asked) -> Response:
    """End the session."""
    answer = Response(status_code=204)
    if (sessions := service.sessions) is not None:
        sessions.end(request.cookies.get(sessions.cookie))
        answer.delete_cookie(sessions.cookie)
    return answer
