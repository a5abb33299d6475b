"""What the report states, computed once more from `scyc show --json --answers`, with NumPy alone, as plainly as can be.

It follows the definitions in docs/architecture.md, not the code: a random walk over the hyperparameters instead of
importance sampling, the textbook formula of a Gaussian process instead of pathwise draws, Dunnett's critical value by
simulation instead of quadrature.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def table(level: dict[str, Any], key: str = "val") -> dict[float, Floats]:
    """One value per seed, by candidate; seeds ascending."""
    rates = sorted({trial["max_lr"] for trial in level["trials"]})
    by_seed = sorted(level["trials"], key=lambda trial: trial["seed"])
    return {rate: np.array([trial[key] for trial in by_seed if trial["max_lr"] == rate]) for rate in rates}


def winner(level: dict[str, Any]) -> float:
    """The best mean validation accuracy of those that did not diverge; of equals the smallest."""
    diverged = {trial["max_lr"] for trial in level["trials"] if trial["diverged"]}
    means = {rate: values.mean() for rate, values in table(level).items() if rate not in diverged}
    return min(rate for rate, mean in means.items() if mean >= max(means.values()) - 1e-12)


def within(level: dict[str, Any], tolerance: float = 0.005) -> tuple[float, float]:
    """Outwards from the winner, to where the interpolated mean first falls by the tolerance."""
    found = table(level)
    rates, means = np.log(list(found)), np.array([values.mean() for values in found.values()])
    at = list(found).index(winner(level))
    fine = np.linspace(rates[0], rates[-1], 200_001)
    lost = np.interp(fine, rates, means) < means[at] - tolerance
    below, above = fine[lost & (fine < rates[at])], fine[lost & (fine > rates[at])]
    low, high = below.max() if len(below) else rates[0], above.min() if len(above) else rates[-1]
    return float(np.exp(low)), float(np.exp(high))


def paired_margin(levels: list[dict[str, Any]], draws: int = 400_000) -> float:
    """How far below the winner `paired` still keeps a candidate, where all levels are equally noisy."""
    squares, freedom = 0.0, 0
    for level in levels:
        values = np.array(list(table(level).values()))
        race = values[values.mean(axis=1) >= values.mean(axis=1).max() - 0.02]
        rest = race - race.mean(axis=1, keepdims=True) - race.mean(axis=0, keepdims=True) + race.mean()
        squares += (rest**2).sum()
        freedom += (len(race) - 1) * (race.shape[1] - 1)
    candidates, seeds = len(table(levels[0])), len(next(iter(table(levels[0]).values())))
    random = np.random.default_rng(0)
    normal = random.standard_normal((draws, candidates))
    scale = np.sqrt(random.chisquare(freedom, draws) / freedom)
    largest = (normal[:, 1:].max(axis=1) - normal[:, 0]) / np.sqrt(2) / scale
    return float(np.quantile(largest, 0.95) * np.sqrt(2 * squares / freedom / seeds))


class Surface:
    """The surface near the tops, where no candidate diverged or collapsed."""

    WINDOW = 6.0
    MEDIANS = np.log([3.0, 3.0, 4.0, 1.0, 0.5, 0.15, 4.0])
    SPREADS = np.array([1.0, 1.0, 0.7, 0.8, 0.5, 0.8, 0.7])

    def __init__(self, levels: list[dict[str, Any]]) -> None:
        self.rates = np.log(list(table(levels[0])))
        self.scaled = 2 * (self.rates - self.rates[0]) / (self.rates[-1] - self.rates[0]) - 1
        cells, self.kept = [], []
        for place, level in enumerate(levels):
            means = 100 * np.array([values.mean() for values in table(level).values()])
            top = np.flatnonzero(means >= means.max() - self.WINDOW)
            first, last = max(top[0] - 1, 0), min(top[-1] + 1, len(means) - 1)
            self.kept.append((first, last))
            cells += [
                (place, k, max(means[k] - means.max(), -1.5 * self.WINDOW), not top[0] <= k <= top[-1])
                for k in range(first, last + 1)
            ]
        self.place, self.k = (np.array([cell[i] for cell in cells]) for i in (0, 1))
        self.x = self.scaled[self.k]
        y = np.array([cell[2] for cell in cells])
        self.y = y - np.array([y[self.place == place].mean() for place in self.place])
        rough = np.array([cell[3] for cell in cells])
        self.noise = self._noise(levels, rough) + np.diag(np.where(rough, (self.WINDOW / 4) ** 2, 0.0))

    def _noise(self, levels: list[dict[str, Any]], rough: NDArray[np.bool_]) -> Floats:
        answers = []
        for place, k in zip(self.place, self.k, strict=True):
            rate = sorted(table(levels[place]))[k]
            rows = [t["answers"]["validation"] for t in levels[place]["trials"] if t["max_lr"] == rate]
            answers.append(np.array([[letter == "1" for letter in row] for row in rows]).mean(axis=0))
        shares = np.array(answers)
        n, examples = shares.shape
        covariance = 1e4 * np.cov(shares, bias=True) / examples * min(2.0, examples / max(examples - n - 2, 1))
        squares, freedom, seeds = 0.0, 0, len(next(iter(table(levels[0]).values())))
        for place, level in enumerate(levels):
            values = 100 * np.array(list(table(level).values()))[self.k[(self.place == place) & ~rough]]
            rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + values.mean()
            squares += (rest**2).sum()
            freedom += (len(values) - 1) * (seeds - 1)
        between = squares / freedom
        sampled = 1e4 * (shares * (1 - shares)).mean() * seeds / (seeds - 1) / examples
        return np.asarray(covariance + np.eye(n) * max(between - sampled, 0.02 * between) / seeds)

    def _covariance(self, h: Floats, x: Floats, place: NDArray[np.intp], z: Floats, other: NDArray[np.intp]) -> Floats:
        slope, curvature, drift, remainder, width, _, fading = np.exp(h)
        xz, apart = np.outer(x, z), np.abs(np.subtract.outer(place, other)) * np.sqrt(3)
        drifting = (1 + apart / drift) * np.exp(-apart / drift)
        fade = (1 + apart / fading) * np.exp(-apart / fading)
        shared = 30**2 * (xz + xz**2) + 5**2 * xz**3
        wiggle = remainder**2 * np.exp(-0.5 * np.subtract.outer(x, z) ** 2 / width**2)
        return np.asarray(shared + drifting * (slope**2 * xz + curvature**2 * xz**2) + fade * wiggle)

    def _observed(self, h: Floats) -> Floats:
        same = np.equal.outer(self.place, self.place)
        nugget = np.exp(2 * h[5]) * np.eye(len(self.y))
        between = self._covariance(h, self.x, self.place, self.x, self.place)
        return np.asarray(between + 100**2 * same + self.noise + nugget)

    def _log_posterior(self, h: Floats) -> float:
        root = np.linalg.cholesky(self._observed(h))
        fit = (np.linalg.solve(root, self.y) ** 2).sum()
        prior = (((h - self.MEDIANS) / self.SPREADS) ** 2).sum()
        return float(-0.5 * (fit + prior) - np.log(np.diag(root)).sum())

    def best(self, walks: int = 6000, every: int = 30, each: int = 10) -> Floats:
        """Log max_lr at which draws of the posterior are best, shape (draws, levels)."""
        random = np.random.default_rng(1)
        here, value = self.MEDIANS.copy(), self._log_posterior(self.MEDIANS)
        grid = np.linspace(-1, 1, 61)
        levels = len(self.kept)
        x, place = np.tile(grid, levels), np.repeat(np.arange(levels), len(grid))
        found = []
        for step in range(walks):
            there = here + 0.35 * self.SPREADS * random.standard_normal(len(here))
            if np.log(random.random()) < (other := self._log_posterior(there)) - value:
                here, value = there, other
            if step >= walks // 4 and step % every == 0:
                across = self._covariance(here, x, place, self.x, self.place)
                gain = np.linalg.solve(self._observed(here), across.T).T
                covariance = self._covariance(here, x, place, x, place) - gain @ across.T
                root = np.linalg.cholesky(covariance + 1e-5 * np.eye(len(x)))
                drawn = gain @ self.y + random.standard_normal((each, len(x))) @ root.T
                found.append(self._argmax(drawn.reshape(each, levels, -1), grid))
        return np.concatenate(found)

    def _argmax(self, drawn: Floats, grid: Floats) -> Floats:
        for place, (first, last) in enumerate(self.kept):
            outside = (grid < self.scaled[first] - 1e-9) | (grid > self.scaled[last] + 1e-9)
            drawn[:, place, outside] = -np.inf
        best = grid[drawn.argmax(axis=2)]
        return np.asarray(self.rates[0] + (best + 1) / 2 * (self.rates[-1] - self.rates[0]))
