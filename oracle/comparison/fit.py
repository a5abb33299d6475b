"""The fit of S-Cyc to an oracle: its parameters, how sure they are, and whether a simpler schedule would do.

The papers do not say how (delta, epsilon, beta, q) were found; this fit, like the oracle interval that it aims at, is
this project's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.comparison.bootstrap import FEWEST_SEEDS, REFITS, bootstrap
from oracle.comparison.families import Range, SCycFamily
from oracle.comparison.held_out import leave_one_out, sentences
from oracle.comparison.identifiability import identify
from oracle.comparison.levels import in_order
from oracle.comparison.objective import targets
from oracle.comparison.rivals import Constant, families
from scyc import InputError, SCyc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oracle.comparison.bootstrap import Bootstrap
    from oracle.comparison.held_out import HeldOut
    from oracle.comparison.levels import OracleLevel
    from oracle.results.intervals.rule import Judge

FEWEST_LEVELS = 3
"""Two levels cannot show a curve."""

ROUGH = 6
"""With fewer seeds the error bars are rough."""


@dataclass(frozen=True)
class Fit:
    """S-Cyc fitted to an oracle.

    Attributes:
        schedule: the fitted schedule, at the study's pruning rate.
        objective: mean cost per level (`oracle.comparison.objective`), in squared log `max_lr`.
        levels: the levels it was fitted to, ascending.
        max_lr: the fitted curve at these levels.
        errors: 95 % bootstrap intervals of delta, epsilon, beta and q; None for each if there are too few seeds.
        band: 95 % bootstrap interval of the curve at each level; None if there are too few seeds.
        identified: whether the levels determine delta, epsilon, beta and q, by name.
        held_out: leave-one-level-out table, S-Cyc first.
        sentences: what a reader must know about all this, in plain words.
    """

    schedule: SCyc
    objective: float
    levels: tuple[int, ...]
    max_lr: tuple[float, ...]
    errors: Mapping[str, tuple[float, float] | None]
    band: tuple[tuple[float, float], ...] | None
    identified: Mapping[str, bool]
    held_out: tuple[HeldOut, ...]
    sentences: tuple[str, ...]


def fit_scyc(levels: Sequence[OracleLevel], p: float, judge: Judge, refits: int = REFITS) -> Fit:
    """Fit S-Cyc to the oracle's levels and say how far the result can be relied on.

    A pure function: the same levels give the same result, to the bit on one machine.

    Args:
        levels: decided levels, three or more, in any order, all with the same seeds.
        p: fraction of the remaining weights pruned per level, 0 < p < 1.
        judge: the rule that the levels' intervals came from (see `oracle.results.intervals`), for the bootstrap.
        refits: number of bootstrap resamples, >= 1.

    Raises:
        InputError: there are too few levels, one occurs twice, their seeds differ, or p is outside its range.
    """
    levels = in_order(levels, FEWEST_LEVELS)
    if not 0 < p < 1:
        raise InputError(f"S-Cyc needs p to be between 0 and 1, both excluded, but it is {p!r}.")
    aim, reach, ends = targets(levels), Range.of(levels), (float(levels[0].level), float(levels[-1].level))
    family = SCycFamily(p, reach)
    parameters, costs = family.fit(aim)
    named = family.named(parameters[0])
    refitted = bootstrap(levels, family, judge, refits)
    known = identify(family, Constant(reach), parameters[0], aim, refitted)
    held_out = leave_one_out(families(p, reach, ends), aim)
    schedule = SCyc(named["delta"], named["epsilon"], named["beta"], int(named["q"]), p)
    return Fit(
        schedule=schedule,
        objective=float(costs[0]) / len(levels),
        levels=tuple(level.level for level in levels),
        max_lr=tuple(schedule(level.level) for level in levels),
        errors={name: refitted.parameters[name] if refitted else None for name in named},
        band=refitted.band if refitted else None,
        identified=known.identified,
        held_out=held_out,
        sentences=(*known.sentences, _on_errors(levels[0].seeds, refitted), *sentences(held_out)),
    )


def _on_errors(seeds: int, refitted: Bootstrap | None) -> str:
    if refitted is None:
        return (
            f"With {seeds} seed{'s' if seeds > 1 else ''} there are no error bars: "
            f"resampling seeds needs {FEWEST_SEEDS} or more."
        )
    rough = f"; with fewer than {ROUGH} seeds they are rough, and rather too narrow" if seeds < ROUGH else ""
    return f"The error bars are 95 % intervals over {refitted.different} different resamples of {seeds} seeds{rough}."
