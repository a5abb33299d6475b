from .page import render, write

__all__ = [
    "render",
    "write",
]
