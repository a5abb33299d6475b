from .figures import plates
from .page import render

__all__ = [
    "plates",
    "render",
]
