from .page import render

__all__ = ["render"]
