"""Imports that wait until something is used, so that the formulas do not wait for PyTorch."""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def lazy_names(
    package: str, modules: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package whose names are imported when they are first used (PEP 562).

    Args:
        package: its dotted name.
        modules: by module, relative to the package, the names that come from it. No name may be that of a module in
            the package, which would hide it.
    """
    module_of = {name: f"{package}.{module}" for module, names in modules.items() for name in names}

    def get(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=sys.modules[package])
        value = getattr(import_module(module_of[name]), name)
        setattr(sys.modules[package], name, value)  # the next use finds it there
        return value

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *module_of})

    return get, listed


def deferred(path: str) -> Callable[..., Any]:
    """Return a function that imports another one when it is called, and calls that.

    Args:
        path: where the other one is, "package.module:function".
    """
    return partial(_call, path)


def _call(path: str, *args: Any, **kwargs: Any) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)(*args, **kwargs)
