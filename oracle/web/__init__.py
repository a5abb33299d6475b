"""The web service: a database's studies as pages, as JSON and as a stream of events."""

from oracle.web.application import application

__all__ = ["application"]
