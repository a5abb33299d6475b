"""Step 5: an oracle curve of the first network on CIFAR-10, as many levels as there is time for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.gpu_check.bare import has_service
from benchmarks.gpu_check.cifar import data_folder
from benchmarks.gpu_check.findings import FAILED, OK, SEEN, Left, Row, tried
from benchmarks.gpu_check.setting import images, protocol_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.gpu_check.setting import Setting

NAME = "curve"
SPEC = Path(__file__).parents[2] / "examples" / "gpu-resnet-20.toml"
LEVELS = 12
FOR_SERVICE = 0.4
"""Share of the time for the same by `scyc sweep`, where its packages are."""


def step(setting: Setting) -> Iterator[Row]:
    """Yield a row for each level."""
    with tempfile.TemporaryDirectory() as name:
        folder = None if setting.data is None else data_folder(setting.data, Path(name))
        service = has_service() and folder is not None
        plain = setting.until(setting.deadline - (FOR_SERVICE * setting.left if service else 0))
        yield from _plain(plain, folder)
        yield tried(NAME, "by scyc sweep", lambda: by_the_service(setting, folder, Path(name)))


def _plain(setting: Setting, folder: Path | None) -> Iterator[Row]:
    """Search with `scyc` alone: every level on a grid, the winner by the mean of the seeds, the next level from it."""
    from scyc.bench import fitting
    from scyc.engines import find_engine
    from scyc.trial import Member, Trial, run_trials

    case, device = setting.first, setting.device
    if folder is None:
        data, label = images(case, (4 if setting.small else 8) * case.batch, device), "made-up images"
    else:
        from scyc.data import load_cifar10

        data, label = load_cifar10(folder).to(device), "CIFAR-10"
    rates, seeds = ((0.05, 0.2), (0,)) if setting.small else (tuple(0.01 * 10 ** (i / 5.5) for i in range(12)), (0,))
    protocol = protocol_of(case, "bf16", data, epochs=1 if setting.small else 3)
    name = "eager" if setting.small else _fastest(protocol, data, len(rates))
    engine = find_engine(name)
    most = fitting(engine, protocol, data)
    kept: dict[int, Trial] = {}
    points: dict[int, Any] = {}
    longest = 0.0
    for level in range(2 if setting.small else LEVELS):
        if setting.left < longest:
            return
        started = time.monotonic()

        def look(level: int = level) -> tuple[str, str]:
            found: dict[float, list[Trial]] = {rate: [] for rate in rates}
            for seed in seeds:
                parent = kept[seed].checkpoint if level else None
                members = [Member(protocol, rate, parent, points.get(seed)) for rate in rates]
                for first in range(0, len(members), most):
                    group = members[first : first + most]
                    for member, trial in zip(
                        group, run_trials(group, data, seed=seed, level=level, engine=engine), strict=True
                    ):
                        found[member.max_lr].append(trial)
            means = {
                rate: sum(trial.training.val_accuracy for trial in trials) / len(seeds)
                for rate, trials in found.items()
                if not any(trial.training.diverged for trial in trials)
            } or dict.fromkeys(rates, 0.0)
            winner = max(means, key=lambda rate: (means[rate], -rate))
            for number, seed in enumerate(seeds):
                kept[seed] = found[winner][number]
                if level == 0:
                    points[seed] = kept[seed].rewind_point
            density = kept[seeds[0]].checkpoint.masks.density
            return SEEN, (
                f"best max_lr {winner:.3g} of {len(rates)}, validation {means[winner]:.2%}, density {density:.1%}; "
                f"{len(seeds)} seeds, {name}, {min(most, len(rates))} together"
            )

        row = tried(NAME, f"level {level} on {label}", look)
        yield row
        if row.error:
            return
        longest = max(longest, time.monotonic() - started)


def _fastest(protocol: Any, data: Any, members: int) -> str:
    """Return the engine that trains so many networks fastest; one that fails is none."""
    from scyc.bench import free_memory, measure, possible
    from scyc.engines import find_engine

    speeds: dict[str, float] = {}
    for name in possible(protocol, data.train.device):
        with suppress(RuntimeError):
            count = min(members, find_engine(name).largest)
            speeds[name] = measure(name, protocol, data, members=count, seconds=0.3).samples
        free_memory(data.train.device)
    return max(speeds, key=speeds.__getitem__, default="eager")


def by_the_service(setting: Setting, folder: Path | None, scratch: Path) -> tuple[str, str]:
    """Let `scyc sweep` do it, and end it when the time is over: what it has recorded stays."""
    if not has_service():
        raise Left("its packages are not here")
    if folder is None:
        raise Left("there is no CIFAR-10 here")
    setting.gpu()
    command = [sys.executable, "-c", "from oracle.cli import main; main()"]
    database = ["--db", f"sqlite:///{scratch}/curve.db"]
    environment = os.environ | {"SCYC_DATA": str(folder), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    sweep = [*command, "sweep", str(SPEC), "--name", "curve", *database, "--executor", "inline"]
    process = subprocess.Popen(sweep, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _, said = process.communicate(timeout=max(1.0, setting.left - 8))
    except subprocess.TimeoutExpired:
        process.terminate()
        _, said = process.communicate()
    show = [*command, "show", "curve", *database, "--json"]
    shown = subprocess.run(show, env=environment, capture_output=True, text=True, check=False)
    if shown.returncode != 0:
        raise RuntimeError(f"{shown.stderr[-2000:]}\n{said[-4000:]}")
    levels = [level for level in json.loads(shown.stdout)["levels"] if level["winner"] is not None]
    found = ", ".join(f"{level['winner']:.3g}" for level in levels)
    return OK if levels else FAILED, f"{len(levels)} levels decided, best max_lr {found}"
