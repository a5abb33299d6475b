"""The web service: a database's studies as pages and as JSON. It only reads."""

from oracle.web.access import require_token
from oracle.web.application import application

__all__ = ["application", "require_token"]
