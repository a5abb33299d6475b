"""The web service: a database's studies as pages and as JSON, for looking alone."""

from oracle.web.access import require_token
from oracle.web.application import application

__all__ = ["application", "require_token"]
