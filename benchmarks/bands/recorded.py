"""Raw winner, rules and model on recorded surfaces: studies of a few seeds, judged by the other seeds and examples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.bands.surfaces import SPECS, recorded
from benchmarks.bands.synthetic import held, overlap
from benchmarks.bands.work import judged_all, percent, row
from benchmarks.instruments import table
from oracle.results.intervals import TOLERANCE
from oracle.results.intervals.model import MODEL
from oracle.results.intervals.within import WITHIN
from oracle.surface import best_curve, fit_surface

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.bands.cells import Floats
    from benchmarks.bands.surfaces import RecordedSurface
    from oracle.comparison.levels import OracleLevel
    from oracle.results.intervals import Rule

MANY = 8000
"""Examples of the larger studies. The smaller ones have as many as the workload says."""

_QUICK = 300
"""Draws of a fit that only chooses a winner."""


@dataclass(frozen=True)
class Split:
    """Two studies of disjoint seeds, drawn at random by `number`, on the same examples or on disjoint ones."""

    folder: Path
    name: str
    number: int
    seeds: int
    examples: int
    apart: bool

    @property
    def row(self) -> tuple[str, int, int, bool]:
        """Which row of the tables it belongs to."""
        return self.name, self.examples, self.seeds, self.apart


def judge(split: Split) -> dict[str, float]:
    """Judge both studies; means over the two, and over the levels."""
    surface = _surface(split.folder, split.name)
    random = np.random.default_rng([split.number, split.seeds])  # the same seeds for any examples
    seeds = random.permutation(surface.answers.shape[2])
    examples = random.permutation(surface.answers.shape[3])
    groups = seeds[: split.seeds], seeds[split.seeds : 2 * split.seeds]
    first = 2 if split.apart else 1
    places = [examples[start * split.examples :][: split.examples] for start in range(first)]
    rest = examples[first * split.examples :]
    studies = [surface.levels(group, place) for group, place in zip(groups, [places[0], places[-1]], strict=True)]
    found: dict[str, float] = {}
    each = [
        _against_truth(levels, surface.levels(np.setdiff1d(seeds, group), rest), choose=not split.apart)
        for levels, group in zip(studies, groups, strict=True)
    ]
    for name in each[0]:
        found[name] = float(np.mean([one[name] for one in each]))
    curves = [np.log([level.winner for level in levels]) for levels in studies]
    models = [np.log(best_curve(fit_surface(levels)).max_lr) for levels in studies]
    found["raw split squared"] = float(((curves[0] - curves[1]) ** 2).mean())
    found["model split squared"] = float(((models[0] - models[1]) ** 2).mean())
    for name, rule in (("within", WITHIN), ("model", MODEL)):
        one, other = (_range(rule, levels) for levels in studies)
        found[f"{name} split overlaps"] = overlap(one, other).mean()
    return found


def _against_truth(levels: Sequence[OracleLevel], other: Sequence[OracleLevel], *, choose: bool) -> dict[str, float]:
    """Judge a study by other seeds and examples, and with `choose` the model as what chooses the committed winner."""
    surface, truth = fit_surface(levels), fit_surface(other)
    curve, true = best_curve(surface), best_curve(truth)
    best, picked = np.log(true.max_lr), np.log([level.winner for level in levels])
    rates = sorted(levels[0].scores)
    means = 100 * np.array([[np.mean(level.scores[rate]) for rate in rates] for level in other])
    lost = means.max(axis=1, keepdims=True) - means
    found = {
        "band": held((best, best), curve.low, curve.high).mean(),
        "raw squared": float(((picked - best) ** 2).mean()),
        "model squared": float(((np.log(curve.max_lr) - best) ** 2).mean()),
    }
    good = _range(MODEL, other)
    for name, rule in (("within", WITHIN), ("model", MODEL)):
        found[f"{name} overlaps"] = overlap(_range(rule, levels), good).mean()
    if choose:
        so_far = [fit_surface(levels[: at + 1], _QUICK) for at in range(len(levels))]
        chosen = {
            "raw": [level.winner for level in levels],
            "all": [_chosen(levels[at], surface.regret[:, at].mean(axis=0), surface.grid) for at in range(len(levels))],
            "so far": [_chosen(levels[at], one.regret[:, at].mean(axis=0), one.grid) for at, one in enumerate(so_far)],
        }
        for name, winners in chosen.items():
            found[f"{name} loses"] = float(
                np.mean([lost[at, rates.index(winner)] for at, winner in enumerate(winners)])
            )
    return found


def _chosen(level: OracleLevel, expected: Floats, grid: Floats) -> float:
    """Return the candidate that did not diverge with the least expected regret."""
    sound = [rate for rate in sorted(level.scores) if rate not in level.diverged]
    return min(sound, key=lambda rate: float(expected[np.abs(grid - np.log(rate)).argmin()]))


def _range(rule: Rule, levels: Sequence[OracleLevel]) -> tuple[Floats, Floats]:
    found = [one for one in rule.intervals(levels, TOLERANCE) if one is not None]
    return np.log([one.low for one in found]), np.log([one.high for one in found])


@lru_cache(maxsize=1)
def _surface(folder: Path, name: str) -> RecordedSurface:
    surface = recorded(name, folder)
    if surface is None:
        raise ValueError(f"There is no finished surface {name!r} in {folder}.")
    return surface


def lines(folder: Path, splits: int, processes: int | None = None) -> list[str]:
    """Judge the recorded surfaces of a folder, and return the tables.

    Args:
        folder: where they are.
        splits: pairs of studies for each row, >= 1.
        processes: see `judged_all`.
    """
    surfaces = {name: found for name in SPECS if (found := recorded(name, folder)) is not None}
    tasks = [
        Split(folder, name, number, seeds, examples, apart)
        for name, surface in surfaces.items()
        for seeds in sorted({3, surface.answers.shape[2] // 2})
        for examples, apart in ((surface.judging, False), (surface.judging, True), (MANY, False))
        for number in range(splits)
    ]
    rows: dict[tuple[str, int, int, bool], list[dict[str, float]]] = {}
    for split, found in zip(tasks, judged_all(judge, tasks, processes), strict=True):
        rows.setdefault(split.row, []).append(found)
    by_row = {key: {name: np.array([one[name] for one in found]) for name in found[0]} for key, found in rows.items()}
    recordings = "; ".join(
        f"{name}: {one.answers.shape[2]} seeds, {one.answers.shape[3]:,} examples" for name, one in surfaces.items()
    )
    return [*_repeats(by_row, recordings or "none"), *_winner(by_row)]


Rows = dict[tuple[str, int, int, bool], dict[str, "Floats"]]


def _repeats(rows: Rows, recordings: str) -> list[str]:
    lines = [
        "## Recorded surfaces: does a study repeat itself, and is it right?",
        "",
        f"Recorded: {recordings}. Pairs of studies with disjoint seeds, at random, on the same examples or on disjoint "
        "ones (*apart*). *Truth*: the model on the seeds and examples that the study does not have. *Off*: root mean "
        "square error of log `max_lr`. *Split*: the same between the two studies. *Overlaps*: percent of what two "
        "ranges (at most 0.5 points lost) cover together that both cover, with the truth's and with each other. *Gap "
        "closed*: how much of what `within` lacks to 100 the model adds. *Band*: percent of the levels at which the "
        "90 % band holds the best `max_lr` of the truth, which is not known exactly itself.",
        table(
            "surface | examples | seeds | off (raw / model) | split (raw / model) | model / raw | overlaps truth "
            "(within / model) | overlaps each other (within / model) | gap closed | band"
        ),
    ]
    for (name, examples, seeds, apart), found in rows.items():
        off, split = (
            [np.sqrt(found[f"{one} {what}"].mean()) for one in ("raw", "model")]
            for what in ("squared", "split squared")
        )
        true, each = (
            [100 * found[f"{one} {what}"].mean() for one in ("within", "model")]
            for what in ("overlaps", "split overlaps")
        )
        lines.append(
            row(
                name,
                f"{examples}, apart" if apart else examples,
                seeds,
                *(f"{one[0]:.3f} / {one[1]:.3f}" for one in (off, split)),
                f"{split[1] / split[0]:.2f}",
                *(f"{one[0]:.0f} / {one[1]:.0f}" for one in (true, each)),
                f"{100 * (each[1] - each[0]) / (100 - each[0]):.0f} %",
                percent(found["band"]),
            )
        )
    return [*lines, ""]


def _winner(rows: Rows) -> list[str]:
    lines = [
        "## Recorded surfaces: the committed winner",
        "",
        "What the choice among the candidates loses, in points of accuracy on other seeds and examples, mean over the "
        "levels: the raw winner, the candidate with the least expected regret by the model of all levels, and by that "
        "of the levels so far, which is what a sweep can do. *Gained*: raw minus so far, with its standard error over "
        "pairs of studies.",
        table("surface | examples | seeds | raw | model, all levels | model, levels so far | gained"),
    ]
    for (name, examples, seeds, apart), found in rows.items():
        if apart:
            continue
        gained = found["raw loses"] - found["so far loses"]
        error = np.std(gained, ddof=1) / np.sqrt(len(gained)) if len(gained) > 1 else np.nan
        loses = [f"{found[f'{one} loses'].mean():.3f}" for one in ("raw", "all", "so far")]
        lines.append(row(name, examples, seeds, *loses, f"{gained.mean():+.3f} ± {error:.3f}"))
    return [*lines, ""]
