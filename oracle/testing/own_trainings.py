"""A training of the user's own, as a function and as a command, written into a test's folder."""

from __future__ import annotations

import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oracle.execution.inline import InlineExecutor
from oracle.testing import sweeps

if TYPE_CHECKING:
    from oracle.driver.events import Listener
    from oracle.execution import Executor

SOURCE = '''
import json, math, os, random, sys
import oracle

def train(trial):
    """Learn nothing, but like something that does: the best max_lr is 0.2 and rises; above 1 it diverges."""
    before = json.loads((trial.parent / "inner" / "weight.json").read_text()) if trial.parent else 0.0
    top, draws = math.log(0.2) + 0.3 * trial.level, random.Random(1000 * trial.level + trial.seed)
    reached = 0.8 - 0.1 * (math.log(trial.max_lr) - top) ** 2 + 0.01 * draws.random() + before / 1000
    reached = math.nan if trial.max_lr > 1 else reached
    for step in range(4):
        trial.report(val=reached * (step + 1) / 4, step=step, train_loss=trial.lr_at(step / 4))
    (trial.out / "inner").mkdir()
    (trial.out / "inner" / "weight.json").write_text(json.dumps(before + trial.max_lr + trial.seed % 10))
    return {"val": reached, "test": reached - 0.01}

if __name__ == "__main__":
    trial = oracle.current_trial()
    try:
        trial.finish(**train(trial))
    except oracle.Stop:
        sys.exit(1)
'''


def spec_of_function(folder: Path, module: str) -> dict[str, Any]:
    """Write the training into a module of a folder, and return a small spec that trains it as a function.

    Args:
        folder: where modules are looked for.
        module: its name, which no other test may use: a module stays imported.
    """
    (folder / f"{module}.py").write_text(SOURCE)
    return _spec([0.05, 0.2, 0.8, 3.2]) | {"workload": f"{module}:train"}


def spec_of_command(folder: Path, module: str) -> dict[str, Any]:
    """Do the same for the training as a command, in a process of its own for each trial."""
    path = folder / f"{module}.py"
    path.write_text(SOURCE)
    spec = _spec([0.2, 0.8])
    return spec | {"trial": spec["trial"] | {"command": f"{sys.executable} {path}"}}


def _spec(values: list[float]) -> dict[str, Any]:
    return {
        "levels": 2,
        "seeds": [0, 1],
        "engine": "own",
        "search": {"max_lr": {"values": values}, "widen": 0},
        "trial": {"unit": "steps", "budget": 4},
    }


def facts_of(executor: Executor, spec: dict[str, Any], folder: Path, listener: Listener | None = None) -> list[Any]:
    """Sweep such a spec in a folder; return what must not depend on the executor."""
    run, store = sweeps.sweep(executor, spec, folder, listener)
    with store:
        assert run.complete, [trial.error for trial in store.trials(run.run.id) if trial.error]
        return sweeps.facts(store, run.run.id)


@cache
def reference(kind: str) -> list[Any]:
    """Return what comes of it in this process, of the "function" or of the "command"."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sys.path.insert(0, place)
        try:
            made = spec_of_function if kind == "function" else spec_of_command
            return facts_of(InlineExecutor(), made(folder, f"own_reference_{kind}"), folder)
        finally:
            sys.path.remove(place)
