"""The executors by name. To add one, write a module, and add a row here."""

from __future__ import annotations

from pkgutil import resolve_name
from types import MappingProxyType
from typing import TYPE_CHECKING

from oracle.execution import surroundings
from oracle.execution.options import AUTO
from scyc import InputError

if TYPE_CHECKING:
    from oracle.execution import Executor, ExecutorClass
    from oracle.execution.options import ExecutionOptions
    from oracle.spec.model import Spec

EXECUTORS = MappingProxyType(
    {
        "tune": "oracle.execution.tune:TuneExecutor",
        "processes": "oracle.execution.processes:ProcessExecutor",
        "inline": "oracle.execution.inline:InlineExecutor",
    }
)
"""Where each executor's class is. It is imported only when it is needed: PyTorch and Ray take seconds to import."""


def make_executor(options: ExecutionOptions, spec: Spec) -> Executor:
    """Return the executor that the options ask for.

    Raises:
        InputError: there is no executor of that name, or the options do not fit each other or the study.
    """
    name = options.executor
    if name == AUTO:
        name = "tune" if options.ray_address is not None or spec.resources.gpus_per_trial > 0 else "processes"
    if name not in EXECUTORS:
        raise InputError(f"There is no executor {name!r}; choose one of {', '.join([AUTO, *EXECUTORS])}.")
    surroundings.prepare()
    with surroundings.without_hints():
        chosen: type[ExecutorClass] = resolve_name(EXECUTORS[name])
    return chosen.from_options(options, spec)
