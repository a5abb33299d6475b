"""Studies that are raced on made-up surfaces, in milliseconds per level."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from operator import attrgetter
from random import Random
from typing import TYPE_CHECKING, Any

from oracle.searching.audit import audited
from oracle.searching.level_search import make_search
from oracle.searching.machine import Decide, Neighbour, Train, Wait, next_action
from oracle.spec.files import parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.searching.candidates import Cell
    from oracle.spec.model import Spec

SEEDS = (0, 1, 2)
EPOCHS = 10
DROP = 5
"""The first epoch after the first drop of the default profile."""

LEVELS = 6


@dataclass(frozen=True)
class Hills:
    """A surface with one top per level, gentle to the left and steep to the right.

    Attributes:
        optimum: by level, the best `max_lr`.
        noise: standard deviation of a training, beside that of its seed, as a fraction of accuracy.
        ceiling: larger `max_lr` diverge.
    """

    optimum: Callable[[int], float]
    noise: float = 0.003
    ceiling: float = math.inf

    def loss(self, level: int, max_lr: float) -> float:
        """Return what a `max_lr` loses, a fraction."""
        off = math.log(max_lr / self.optimum(level))
        return (0.03 if off > 0 else 0.012) * off**2

    def train(self, level: int, cell: Cell) -> Cell:
        """Return the cell as its training ends."""
        random = Random(f"{level} {cell.seed} {cell.max_lr}")
        of_seed = Random(f"{level} {cell.seed}").gauss(0, 0.01)
        diverged = cell.max_lr > self.ceiling
        final = 0.1 if diverged else 0.8 + of_seed - self.loss(level, cell.max_lr) + random.gauss(0, self.noise)
        accuracy = min(max(final, 0.0), 1.0)
        curve = (0.1, 0.2, *[accuracy] * (EPOCHS - 2))  # from right after the drop on, it is what it will be
        if cell.stop is not None and not audited(level, cell.seed, cell.max_lr) and curve[DROP] < cell.stop.below:
            assert cell.stop.epoch == DROP
            return replace(cell, state="stopped", curve=curve[: DROP + 1])
        return replace(cell, state="complete", score=accuracy, diverged=diverged, curve=curve)


def racing(**search: Any) -> Spec:
    """Return the spec of a race; by default over twelve candidates from 0.02 to 1."""
    return parse_spec({"levels": LEVELS, "search": {"method": "racing", **search}}, "of the test")


def race(
    hills: Hills, spec: Spec, workers: int = 1, order: Random | None = None
) -> tuple[list[float], list[list[Cell]]]:
    """Race through all levels; return the winners, and the cells of each level by round, `max_lr` and seed.

    Args:
        hills: the surface.
        spec: of the race.
        workers: how many cells are trained at a time.
        order: which of these ends first; None for the one that began first.
    """
    winners: list[float] = []
    levels: list[list[Cell]] = [[]]
    trail = ahead = False
    under_way: list[tuple[int, Cell]] = []
    waiting: list[tuple[int, Cell]] = []
    while len(winners) < spec.levels:
        level = len(winners)
        cells, search = levels[level], make_search(spec, level, levels[:level])
        action = next_action(
            spec.levels,
            level,
            spec.seeds,
            cells,
            search,
            Neighbour(make_search(spec, level - 1, levels[: level - 1]), levels[level - 1]) if trail else None,
            Neighbour(make_search(spec, level + 1, levels[: level + 1]), levels[level + 1]) if ahead else None,
        )
        if isinstance(action, Decide):
            winners.append(action.winner)
            trail, ahead = True, False
            levels += [[]] * (len(levels) == level + 1)
            continue
        if isinstance(action, Train):
            levels[level + action.step] += action.cells
            waiting += [(level + action.step, cell) for cell in action.cells]
            continue
        assert isinstance(action, Wait)
        over = not trail or all(cell.state != "pending" for cell in levels[level - 1])
        if over and not ahead and level + 1 < spec.levels and search.named(spec.seeds, cells) is not None:
            ahead = True
            levels.append([])
            continue
        while waiting and len(under_way) < workers:
            under_way.append(waiting.pop(0))
        number, cell = under_way.pop(order.randrange(len(under_way)) if order else 0)
        levels[number][levels[number].index(cell)] = hills.train(number, cell)
    key = attrgetter("round", "max_lr", "seed")
    return winners, [sorted(of_level, key=key) for of_level in levels[: spec.levels]]
