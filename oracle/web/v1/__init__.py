"""Version 1 of the HTTP API."""

from oracle.web.v1.router import router

__all__ = ["router"]
