"""Workloads that make trouble when they are trained, written into a test's folder."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from oracle.testing.sweeps import SMALL

if TYPE_CHECKING:
    from pathlib import Path

_SOURCE = """
    from dataclasses import replace
    from pathlib import Path
    from scyc.models import mlp
    from scyc.workloads import load_workload

    base = load_workload("mnist1d/mlp-300-100")

    def make(what):
        trouble = Path(__file__).with_name(what)
        if trouble.exists():
            exec(trouble.read_text())

    def build():
        make("in build")
        return mlp(hidden=(20,))

    def load():
        make("in load")
        return base.load_data()

    mine = replace(base, name="mine", build_model=build, load_data=load)
"""


def write_workload(folder: Path, package: str, **trouble: str) -> dict[str, Any]:
    """Write a workload into a folder, and return a spec with one level, one seed and one candidate that trains it.

    Args:
        folder: the test's folder.
        package: name of the workload's module, which no other test may use: a module stays imported.
        trouble: Python code by where it runs: `build` whenever the network is built, `load` whenever the data are
            loaded. It is in the file "in build" or "in load", and no longer runs once that file is deleted.
    """
    (folder / f"{package}.py").write_text(textwrap.dedent(_SOURCE))
    for where, source in trouble.items():
        (folder / f"in {where}").write_text(source)
    one = {"levels": 1, "seeds": [0], "search": {"max_lr": {"values": [0.1]}}}
    return {**SMALL, **one, "workload": f"{package}:mine"}
