"""Bands and intervals on made-up surfaces: how often they hold the truth, and how far off the answers are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.bands.cells import decided
from benchmarks.bands.truths import FINE, RATES, SURFACES
from benchmarks.bands.work import judged_all, percent, row
from benchmarks.instruments import table
from oracle.results.intervals import RULES, TOLERANCE
from oracle.results.intervals.interval import SLACK
from oracle.surface import best_curve, fit_surface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.bands.cells import Booleans, Floats
    from benchmarks.bands.truths import Truth

SEEDS, EXAMPLES = (3, 5, 10), (800, 8000)

BAR = 0.85, 0.95
"""How often a 90 % band has to hold the truth. On flat tops it may do so more often."""

_FEWER = 4
"""Studies of 8,000 examples take longer, and differ less: there is one for so many of 800."""


@dataclass(frozen=True)
class Study:
    """A made-up study: `kind` is the place of its truth among `SURFACES`; with `recorded`, its answers are known."""

    kind: int
    seeds: int
    examples: int
    number: int
    recorded: bool = True

    @property
    def row(self) -> tuple[int, int, int, bool]:
        """Which row of the tables it belongs to."""
        return self.kind, self.examples, self.seeds, self.recorded


def judge(study: Study) -> dict[str, float]:
    """Make the study up and judge it. Shares and squares are means over its levels, lengths are of log `max_lr`."""
    truth = SURFACES[study.kind]
    random = np.random.default_rng([study.number, study.kind, study.seeds, study.examples])
    answers = truth.study(study.seeds, study.examples, random)
    levels = decided(RATES, answers, recorded=study.recorded)
    surface = fit_surface(levels)
    curve = best_curve(surface)
    regret = true_regret(truth)
    best, good = ends(regret <= 1e-9), ends(regret <= 100 * TOLERANCE)
    found = {
        "drawn": float(curve.shown),
        "resolved": float(np.mean([word.word == "resolved" for word in curve.words])),
        "band": held(best, curve.low, curve.high).mean(),
        "everywhere": float(held(best, curve.low_everywhere, curve.high_everywhere).all()),
    }
    bands = [one for one in surface.intervals(TOLERANCE) if one is not None]
    for name, side, banded in (
        ("low end", 0, [one.low_band for one in bands]),
        ("high end", 1, [one.high_band for one in bands]),
    ):
        low, high = np.array(banded).T
        found[name] = held((good[side], good[side]), low, high).mean()
    for name, rule in RULES.items():
        intervals = [one for one in rule.intervals(levels, TOLERANCE) if one is not None]
        low, high = np.array([(one.low, one.high) for one in intervals]).T
        found[f"{name} holds"] = held(best, low, high).mean()
        found[f"{name} overlaps"] = overlap((np.log(low), np.log(high)), good).mean()
    for name, picked in (("raw", np.array([level.winner for level in levels])), ("model", np.array(curve.max_lr))):
        off = np.log(picked) - np.clip(np.log(picked), *best)
        found[f"{name} squared"] = (off**2).mean()
        found[f"{name} regret"] = float(
            np.mean([np.interp(np.log(rate), FINE, one) for rate, one in zip(picked, regret, strict=True)])
        )
    return found


def true_regret(truth: Truth) -> Floats:
    """Return by how many points each `max_lr` of `FINE` is below the best of its level, shape (levels, FINE)."""
    expected = truth.scores(FINE)
    return np.asarray(expected.max(axis=1, keepdims=True) - expected)


def ends(inside: Booleans) -> tuple[Floats, Floats]:
    """Return the first and the last log `max_lr` of `FINE` that is inside, each of shape (levels,)."""
    return FINE[inside.argmax(axis=1)], FINE[::-1][inside[:, ::-1].argmax(axis=1)]


def held(true: tuple[Floats, Floats], low: Sequence[float] | Floats, high: Sequence[float] | Floats) -> Booleans:
    """Return at which levels a range of `max_lr` holds any of the true log `max_lr`, with the slack of a hit."""
    return np.asarray((true[0] <= np.log(high) + SLACK) & (true[1] >= np.log(low) - SLACK))


def overlap(one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> Floats:
    """Return how much of what two ranges cover together both of them cover, shape (levels,)."""
    common = np.minimum(one[1], other[1]) - np.maximum(one[0], other[0])
    together = np.maximum(one[1], other[1]) - np.minimum(one[0], other[0])
    return np.asarray(np.maximum(common, 0) / np.maximum(together, 1e-9))


def verdict(truth: Truth, drawn: Floats, band: Floats) -> str:
    """Return by how much the studies that draw their curve miss the bar, in percent of their levels, or "met".

    Args:
        truth: what the studies are of.
        drawn: which ones draw it, shape (studies,).
        band: share of the levels that their bands hold, shape (studies,).
    """
    held = band[drawn > 0]
    if not len(held):
        return "drawn by none"
    least, most = BAR
    short, over = least - held.mean(), held.mean() - most
    if short <= 0 and (over <= 0 or truth.flat):
        return "met"
    error = np.std(held, ddof=1) / np.sqrt(len(held)) if len(held) > 1 else np.inf
    chance = " (may be chance)" if max(short, over) < 2 * error else ""
    return f"{100 * max(short, over):.1f} {'below' if short > 0 else 'above'}{chance}"


def lines(studies: int, processes: int | None = None) -> list[str]:
    """Make the studies up, and return the tables.

    Args:
        studies: of each kind, >= 1.
        processes: see `judged_all`.
    """
    kinds = range(len(SURFACES))
    tasks = [
        Study(kind, of_each, examples, number)
        for kind, examples, of_each in product(kinds, EXAMPLES, SEEDS)
        for number in range(studies if examples == EXAMPLES[0] else -(-studies // _FEWER))
    ]
    tasks += [Study(kind, SEEDS[0], EXAMPLES[0], number, recorded=False) for kind in kinds for number in range(studies)]
    rows: dict[tuple[int, int, int, bool], list[dict[str, float]]] = {}
    for study, found in zip(tasks, judged_all(judge, tasks, processes), strict=True):
        rows.setdefault(study.row, []).append(found)
    by_row = {key: {name: np.array([one[name] for one in found]) for name in found[0]} for key, found in rows.items()}
    return [*_bands(by_row), *_answers(by_row)]


Rows = dict[tuple[int, int, int, bool], dict[str, "Floats"]]


def _bands(rows: Rows) -> list[str]:
    lines = [
        "## Made-up surfaces: bands of the model",
        "",
        "Percent, with the standard error over the studies. *Band*: levels at which the 90 % band of the best `max_lr` "
        "holds it (where several are best, any of them). *All levels*: studies in which the band of the whole curve "
        f"does at every level. *Ends*: levels at which the 90 % bands hold the ends of the range that loses at most "
        f"{100 * TOLERANCE:g} points. *Drawn*: studies that draw a curve, since its best `max_lr` is resolved "
        f"somewhere. *Bar*: {BAR[0]:.0%} to {BAR[1]:.0%} of the levels in the studies that draw it, on a plateau and "
        "on flat tops at least so many. *No answers*: the study did not record what each network classifies correctly.",
        table("surface | examples | seeds | studies | band | all levels | low end | high end | resolved | drawn | bar"),
    ]
    for (kind, examples, seeds, recorded), found in rows.items():
        truth = SURFACES[kind]
        shown = [percent(found[name]) for name in ("band", "everywhere", "low end", "high end", "resolved", "drawn")]
        name = truth.name if recorded else f"{truth.name}, no answers"
        lines.append(
            row(name, examples, seeds, len(found["band"]), *shown, verdict(truth, found["drawn"], found["band"]))
        )
    return [*lines, ""]


def _answers(rows: Rows) -> list[str]:
    rules = " / ".join(RULES)
    lines = [
        "## Made-up surfaces: raw winner, rules and model",
        "",
        f"*Holds* ({rules}): percent of the levels at which the interval holds the best `max_lr`. *Overlaps*: percent "
        "of what it and the true range cover together that both cover. *Off*: root mean square error of log "
        "`max_lr`. *Loses*: true regret in points; raw winner and the model's curve.",
        table(
            f"surface | examples | seeds | holds ({rules}) | overlaps ({rules}) | off (raw / model) | "
            "loses (raw / model)"
        ),
    ]
    for (kind, examples, seeds, recorded), found in rows.items():
        holds, overlaps = (
            " / ".join(f"{100 * found[f'{name} {what}'].mean():.0f}" for name in RULES)
            for what in ("holds", "overlaps")
        )
        off = " / ".join(f"{np.sqrt(found[f'{name} squared'].mean()):.3f}" for name in ("raw", "model"))
        loses = " / ".join(f"{found[f'{name} regret'].mean():.3f}" for name in ("raw", "model"))
        name = SURFACES[kind].name if recorded else f"{SURFACES[kind].name}, no answers"
        lines.append(row(name, examples, seeds, holds, overlaps, off, loses))
    return [*lines, ""]
