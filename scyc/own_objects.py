"""A user's own objects by their import path, `my_package.my_module:name`: workloads, and trainings.

A *training* is a function of one trial. One that cannot be imported, since it was defined in a script or a notebook,
can be given to this process instead.
"""

from __future__ import annotations

import inspect
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from scyc.errors import InputError
from scyc.fence import fenced
from scyc.randomness import seeded_everywhere

if TYPE_CHECKING:
    from collections.abc import Callable

Training: TypeAlias = "Callable[[Any], Any]"
"""Trains one network: takes a trial, and returns what came of it."""

_given: dict[str, Training] = {}


def name_of(training: Training) -> str:
    """Return the name under which a training can be imported, or else given: "module:function"."""
    name = getattr(training, "__qualname__", type(training).__qualname__)
    return f"{getattr(training, '__module__', None) or '__main__'}:{name}"


def can_be_imported(training: Training) -> bool:
    """Return whether every process can import a training: it is no part of a script, a notebook or a function."""
    module, _, name = name_of(training).partition(":")
    return module != "__main__" and getattr(sys.modules.get(module), name, None) is training


def of_a_script(name: str) -> bool:
    """Return whether it is the name of a training in a script, a notebook or another function: known only there."""
    module, _, function = name.partition(":")
    return module == "__main__" or "<" in function


def give(name: str, training: Training) -> None:
    """Let this process know a training that cannot be imported; a later one of the same name takes its place."""
    _given[name] = training
    find_training.cache_clear()


def given(name: str) -> Training | None:
    """Return a training that was given to this process; None if none of that name was."""
    return _given.get(name)


@cache
def find_training(name: str) -> Training | None:
    """Return the training of that name; None if it is the name of something else, such as a workload.

    Args:
        name: "module:function". It is looked for among those that were given to this process, then among what is
            installed, then in the working folder.

    Raises:
        InputError: it cannot be imported.
    """
    if name in _given:
        return _given[name]
    if of_a_script(name):
        raise InputError(
            f"The training {name.partition(':')[2]!r} cannot be imported, since it was defined in a script, a notebook "
            "or another function. Run that script or cell again: oracle.search(...) with the same name resumes the "
            "study. Or put the function into a module, for a study under another name that every command can train."
        )
    found = import_own(name)
    return found if is_training(found) else None


def is_training(found: Any) -> bool:
    """Return whether something can be called with one argument, the trial, and not without."""
    if not callable(found) or inspect.isclass(found):
        return False
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return False
    needed = [
        one for one in parameters if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    return len(needed) == 1 and needed[0].kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )


def import_own(name: str) -> Any:
    """Return what is under an import path, "module:name"; the module is imported if this process has not yet.

    Raises:
        InputError: there is no such module or name, or importing it fails.
    """
    module_name, _, attribute = name.partition(":")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.append(folder)  # last, so that a random.py or an oracle/ in it hides nothing that is installed
    try:
        with fenced(name), seeded_everywhere("own code"):
            module = import_module(module_name)
    except Exception as error:  # importing runs the user's code
        cause = error.__cause__ if isinstance(error.__cause__, SystemExit) else error
        advice = f"it must be installed or lie in {folder}"
        if cause is not error:
            advice = 'put what reads the command line or ends the process under `if __name__ == "__main__":`'
        raise InputError(
            f"The workload {name!r} cannot be loaded because importing {module_name!r} failed "
            f"({type(cause).__name__}: {cause}); {advice}."
        ) from error
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise InputError(
            f"The workload {name!r} cannot be loaded because {module_name!r} has no attribute {attribute!r}; that "
            f"module came from {getattr(module, '__file__', None) or 'Python itself'}."
        ) from error
