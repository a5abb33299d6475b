"""The fit of S-Cyc on made-up surfaces: do its bands hold the truth, and which family does it find?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product

import numpy as np

from benchmarks.bands.cells import RATE, decided
from benchmarks.bands.synthetic import Study, held
from benchmarks.bands.truths import CURVES, RATES
from benchmarks.bands.work import judged_all, percent, row
from benchmarks.instruments import table
from oracle.comparison.fit import fit_scyc

SIZES = (3, 800), (3, 8000), (10, 800)
"""Seeds and validation examples of the studies."""

FAMILIES = ("s-cyc", "constant", "linear", "exponential", "monotone")


@dataclass(frozen=True)
class Fitted:
    """What the fit of a study says: shares of its levels, whether it is right, and the posterior weights."""

    band: float
    delta: bool
    told: bool
    weights: dict[str, float]

    @property
    def family(self) -> str:
        """The family with the largest weight."""
        return max(self.weights, key=self.weights.__getitem__)


def judge(study: Study) -> Fitted:
    """Make the study up, and fit it; its `kind` is the place of its truth in `CURVES`."""
    truth = CURVES[study.kind]
    random = np.random.default_rng([study.number, study.kind, study.seeds, study.examples])
    fit = fit_scyc(decided(RATES, truth.study(study.seeds, study.examples, random)), RATE)
    true = np.log(truth.curve)
    low, high = fit.errors["delta"]
    return Fitted(
        float(held((true, true), *np.array(fit.band).T).mean()),
        bool(low <= truth.curve[0] <= high),
        fit.rise.told,
        dict(fit.weights),
    )


def lines(studies: int, processes: int | None = None) -> list[str]:
    """Make the studies up, fit them, and return the table.

    Args:
        studies: of each kind, >= 1.
        processes: see `judged_all`.
    """
    tasks = [
        Study(kind, seeds, examples, number)
        for kind, (seeds, examples) in product(range(len(CURVES)), SIZES)
        for number in range(studies)
    ]
    rows: dict[tuple[int, int, int, bool], list[Fitted]] = {}
    for study, found in zip(tasks, judged_all(judge, tasks, processes), strict=True):
        rows.setdefault(study.row, []).append(found)
    families = " / ".join(FAMILIES)
    lines = [
        "## Made-up surfaces: the fit of S-Cyc",
        "",
        "Percent, with the standard error over the studies. All tops are gentle on the left and steep on the right. "
        "*Band*: levels at which the 95 % band of the fitted S-Cyc holds the true curve. *δ*: studies whose error bar "
        "holds the true one; only where the truth is an S. *Rise told*: studies that tell a rise. *Found* and "
        f"*weight* ({families}): studies in which the family has the largest posterior weight, and its mean weight.",
        table(f"truth | examples | seeds | studies | band | δ | rise told | found ({families}) | weight ({families})"),
    ]
    for (kind, many, of_each, _), found in rows.items():
        truth = CURVES[kind]
        band, delta, told = (
            np.array([getattr(one, name) for one in found], float) for name in ("band", "delta", "told")
        )
        counted = Counter(one.family for one in found)
        lines.append(
            row(
                truth.name,
                many,
                of_each,
                len(found),
                percent(band),
                percent(delta) if truth.family == "s-cyc" else "-",
                percent(told),
                " / ".join(f"{100 * counted[name] / len(found):.0f}" for name in FAMILIES),
                " / ".join(f"{100 * np.mean([one.weights[name] for one in found]):.0f}" for name in FAMILIES),
            )
        )
    return [*lines, ""]
