"""What a workload may do to the process that trains it, and what must come of the trial."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from oracle.testing import sweeps
from scyc.randomness import stream_seed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from oracle.execution import Executor
    from studies import TrialRecord

LIMIT = 4.0
"""Seconds that a trial may take where a time limit can be given."""


@dataclass(frozen=True)
class Misdeed:
    """Code that runs once in a trial.

    Attributes:
        code: what it does.
        said: part of the error that is recorded; None if the trial must end as if nothing had been done.
        when: "build" when the network is built, "train" in the first step of its training.
    """

    code: str
    said: str | None = None
    when: str = "train"


SURVIVED: Mapping[str, Misdeed] = MappingProxyType(
    {
        "prints": Misdeed("print('{}'); os.write(1, b'\\xff[{}]\\n'); os.system('echo []')"),
        "closes standard output": Misdeed("sys.stdout.close(); os.close(1)"),
        "closes standard error": Misdeed("sys.stderr.close(); os.close(2)", when="build"),
        "changes the folder": Misdeed("os.chdir('/')"),
        "ignores signals, and turns warnings into errors": Misdeed(
            "signal.signal(signal.SIGINT, signal.SIG_IGN); warnings.simplefilter('error')"
        ),
        "forks a process that comes back": Misdeed("os.fork()"),
        "forks one that raises": Misdeed("if os.fork() == 0: raise RuntimeError('in a forked process')", when="build"),
        "reads data in processes of its own": Misdeed("assert sum(map(len, DataLoader(range(5), num_workers=1))) == 5"),
        "raises": Misdeed("raise RuntimeError('no luck')", "RuntimeError: no luck"),
        "raises what is no Exception": Misdeed("raise GeneratorExit('no luck')", "GeneratorExit: no luck"),
        "calls sys.exit": Misdeed("sys.exit(0)", "wanted to end the process (SystemExit: 0)"),
        "calls sys.exit early": Misdeed("sys.exit('bye')", "wanted to end the process (SystemExit: bye)", "build"),
        "returns something else": Misdeed("made.clear(); made.append(7)", "must return a torch.nn", "build"),
    }
)
"""What a trial in any process must survive, or fail of alone."""

DEADLY: Mapping[str, Misdeed] = MappingProxyType(
    {
        "calls os._exit": Misdeed("os._exit(0)", "The worker process died before it could report"),
        "segfaults": Misdeed("ctypes.string_at(0)", "The worker process died before it could report"),
        "is killed, as by a full memory": Misdeed("os.kill(os.getpid(), 9)", "The worker process died"),
        # It holds the interpreter's lock, so that no Python code can run in its process any more.
        "hangs": Misdeed("ctypes.PyDLL(None).sleep(1000)", f"took longer than its time limit of {LIMIT:g} seconds"),
        "forks a process that stays": Misdeed("os.fork() or time.sleep(1000)"),
    }
)
"""What only a worker process may do: its driver survives it, and nothing is left running."""

_SOURCE = """
    import ctypes, os, signal, sys, time, warnings
    from dataclasses import replace
    import torch
    from torch import nn
    from torch.utils.data import DataLoader
    from scyc.models import mlp
    from scyc.workloads import load_workload

    MISDEEDS = {misdeeds!r}

    class Network(nn.Module):
        def __init__(self, code):
            super().__init__()
            self.layers, self.code = mlp(hidden=(20,)), code

        def forward(self, inputs):
            code, self.code = self.code, ""
            exec(code)
            return self.layers(inputs)

    def build():
        when, code = MISDEEDS.get(torch.initial_seed(), ("", ""))
        made = [Network(code if when == "train" else "")]
        exec(code if when == "build" else "")
        return made[0]

    mine = replace(load_workload("mnist1d/mlp-300-100"), name="mine", build_model=build)
"""


def sweep(executor: Executor, misdeeds: Mapping[str, Misdeed], folder: Path, module: str) -> dict[str, TrialRecord]:
    """Train a trial per misdeed, each with a seed of its own; return the trials by misdeed.

    Args:
        executor: trains them.
        misdeeds: what to do, by name.
        folder: working folder of the test.
        module: name of the workload's module, which no other test may use.
    """
    names = list(misdeeds)
    by_seed = {stream_seed("init", seed): (misdeeds[name].when, misdeeds[name].code) for seed, name in enumerate(names)}
    (folder / f"{module}.py").write_text(textwrap.dedent(_SOURCE).format(misdeeds=by_seed))
    one = {"levels": 1, "seeds": list(range(len(names))), "search": {"max_lr": {"values": [0.1]}, "widen": 0}}
    spec: dict[str, Any] = {**sweeps.SMALL, **one, "workload": f"{module}:mine"}
    run, store = sweeps.sweep(executor, spec, folder)
    with store:
        return {names[trial.seed]: trial for trial in store.trials(run.run.id)}
