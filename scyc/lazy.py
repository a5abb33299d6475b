"""Functions that are imported when they are first called, so that a table of them does not wait for PyTorch."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def deferred(path: str) -> Callable[..., Any]:
    """Return a function that imports another one when it is called, and calls that.

    Args:
        path: where the other one is, "package.module:function".
    """
    return partial(_call, path)


def _call(path: str, *args: Any, **kwargs: Any) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)(*args, **kwargs)
