"""What is trained: a model and the data that it learns from, under a name that a spec can give."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from scyc.data import CropFlip, load_cifar10, load_digits, load_fashion_mnist, load_mnist1d
from scyc.errors import InputError
from scyc.models import lenet5, mlp, resnet20

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from scyc.data import Augmentation, Dataset


@dataclass(frozen=True)
class Workload:
    """A (model, data) pair.

    Attributes:
        name: for people; a built-in workload's is also its key.
        build_model: returns a new model, its weights drawn from PyTorch's default generator.
        load_data: returns the data on the CPU; called once per process by whoever asks `load_workload`.
        augmentation: applied to training batches only.
    """

    name: str
    build_model: Callable[[], nn.Module]
    load_data: Callable[[], Dataset]
    augmentation: Augmentation | None = None


_BUILT_IN = {
    workload.name: workload
    for workload in (
        Workload("mnist1d/mlp-300-100", mlp, load_mnist1d),
        Workload("digits/mlp-300-100", partial(mlp, inputs=64), load_digits),
        Workload("fashion-mnist/mlp-300-100", partial(mlp, inputs=784), partial(load_fashion_mnist, flat=True)),
        Workload("fashion-mnist/lenet-5", lenet5, load_fashion_mnist),
        Workload("cifar10/resnet-20", resnet20, load_cifar10, CropFlip(padding=4)),
    )
}


def workload_names() -> list[str]:
    """Return the names of the built-in workloads."""
    return list(_BUILT_IN)


@cache
def load_workload(name: str) -> Workload:
    """Return the workload of that name; its data are loaded once per process, at the first `load_data()`.

    Args:
        name: one of `workload_names()`, or the import path of your own, `my_package.my_module:my_workload`: a
            `Workload`, or a callable without arguments that returns one. The working folder is importable.

    Raises:
        InputError: there is no such workload, or it could not be imported.
    """
    workload = _import_workload(name) if ":" in name else _BUILT_IN.get(name)
    if workload is None:
        close = get_close_matches(name, _BUILT_IN, n=1, cutoff=0)
        raise InputError(
            f"There is no workload {name!r} (did you mean {close[0]!r}?): choose one of {', '.join(_BUILT_IN)}, "
            "or give an import path such as my_package.my_module:my_workload."
        )
    return replace(workload, load_data=cache(workload.load_data))


def _import_workload(name: str) -> Workload:
    module_name, _, attribute = name.partition(":")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)  # where `python -m` would put it
    try:
        module = import_module(module_name)
    except Exception as error:  # importing runs the user's code
        raise InputError(
            f"The workload {name!r} cannot be loaded because importing {module_name!r} failed "
            f"({type(error).__name__}: {error}); it must be installed or lie in {folder}."
        ) from error
    try:
        found = getattr(module, attribute)
    except AttributeError as error:
        raise InputError(
            f"The workload {name!r} cannot be loaded because {module_name!r} has no attribute {attribute!r}."
        ) from error
    if callable(found):
        try:
            found = found()
        except InputError:
            raise
        except Exception as error:  # the user's code again
            raise InputError(
                f"The workload {name!r} cannot be loaded because calling it failed "
                f"({type(error).__name__}: {error}); it must work without arguments."
            ) from error
    if not isinstance(found, Workload):
        raise InputError(
            f"{name!r} must be a Workload or a callable without arguments that returns one, not {type(found).__name__}."
        )
    return found
