"""The level schedules that are compared with an oracle unless told otherwise.

Those that need a scale get the dense network's winner, which whoever prunes has tuned anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scyc import PRESETS, SILO, Constant, InputError, InverseDensity, LevelSchedule, Replay, SCyc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.comparison.surface import OracleLevel

FITTED, ORACLE = "fitted", "oracle"

SHAPE = PRESETS["resnet20-cifar10"]
"""The authors' schedule, whose shape is scaled to the dense winner."""


def contenders(levels: Sequence[OracleLevel], p: float, fitted: SCyc | None) -> dict[str, LevelSchedule]:
    """Return the schedules by name.

    Args:
        levels: the oracle's decided levels from level 0 on, ascending.
        p: fraction of the remaining weights pruned per level.
        fitted: S-Cyc fitted to the oracle, if there were levels enough.

    Raises:
        InputError: level 0 is not decided.
    """
    if not levels or levels[0].level != 0:
        raise InputError("Schedules are compared once the dense network, level 0, is decided; go on with the sweep.")
    dense = levels[0].winner
    largest = max(max_lr for level in levels for max_lr in level.accuracies)
    scaled = (dense, SHAPE.epsilon * dense / SHAPE.delta, SHAPE.beta, SHAPE.q, p)
    schedules: dict[str, LevelSchedule] = {
        "constant": Constant(dense),
        "s-cyc": SCyc(*scaled),
        "silo": SILO(*scaled),
        "inverse-density": InverseDensity(dense, p, cap=largest),
    }
    schedules |= {f"s-cyc:{name}": preset for name, preset in PRESETS.items()}
    if fitted is not None:
        schedules[FITTED] = fitted
    schedules[ORACLE] = Replay(tuple(level.winner for level in levels))
    return schedules


def chosen(schedules: dict[str, LevelSchedule], names: Sequence[str]) -> dict[str, LevelSchedule]:
    """Return those of the schedules that `names` lists, all of them without names.

    Raises:
        InputError: one is not there.
    """
    for name in names:
        if name not in schedules:
            raise InputError(f"There is no schedule {name!r} to compare; there are {', '.join(schedules)}.")
    return {name: schedules[name] for name in names or schedules}
