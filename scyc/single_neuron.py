"""The single hidden neuron: where learning-rate rewinding succeeds and going back to the first weights does not.

From Gadhikar & Burkholz, "Masks, Signs, And Learning Rate Rewinding" (ICLR 2024, arXiv 2402.19262): f(x) = a relu(w.x)
learns relu(x_1). With one input that takes a(0) > 0 and w(0) > 0, a quarter of all symmetric initialisations. With more
inputs gradient descent turns w round, so that a(0) > 0 is enough, half of them. Both ways of pruning then find the
right input. IMP goes back to its first weights and, once w_1(0) is the only one left, fails where it was negative; LRR
keeps the sign that has been learned.

From the code of the authors' follow-up (github.com/AdvaitGadhikar/optml_single_hidden_neuron): x ~ U[-1,1]^d, 10
inputs, w ~ N(0, 1/d). The constants of the paper's own experiment were not found. This project's choices:

- |a(0)| = ||w(0)||, the sign of a(0) a fair coin. Gradient flow conserves a^2 - ||w||^2, so a balanced neuron cannot
  change the sign of a. With a ~ U[-1,1] ||w||, as the follow-up draws it, a can cross zero, and most of the initial
  signs that fail here are overcome.
- No noise on the targets: it would push weights across zero.
- Half the mean squared error over 500 examples, by full-batch gradient descent with a rate of 0.4. In double precision
  and not for too long: a neuron with a < 0 creeps towards the origin, a saddle that rounding errors take it past in
  the end. With two inputs the finite steps alone do so to some.
- Pruned in one go, from d weights to the one of the largest magnitude.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from scyc.errors import InputError
from scyc.randomness import stream
from scyc.threads import threads

SIGNS = ("++", "+-", "-+", "--")
"""The signs of a(0) and w_1(0)."""

_CHUNK = 64  # neurons trained at a time: what they need stays in the processor's cache


@dataclass(frozen=True)
class Setting:
    """The experiment.

    Attributes:
        dimension: d, number of inputs, >= 2.
        runs: number of initialisations, >= 1.
        examples: n, shared by all runs, >= 1.
        rate: learning rate, > 0.
        steps: of gradient descent, before and again after the pruning, >= 1.
        tolerance: a run succeeds when its loss is below this fraction of that of f = 0.
        seed: of the examples and initialisations, >= 0.

    Raises:
        InputError: when one of them is out of its range.
    """

    dimension: int = 10
    runs: int = 1000
    examples: int = 500
    rate: float = 0.4
    steps: int = 300
    tolerance: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be trained."""
        if self.dimension < 2:
            raise InputError(f"dimension is {self.dimension}, but only from two inputs on is there something to prune.")
        if min(self.runs, self.examples, self.steps) < 1 or not self.rate > 0:
            raise InputError("runs, examples and steps must be whole numbers of at least 1, and the rate above 0.")


@dataclass(frozen=True)
class Neurons:
    """Neurons: `a` of the shape (runs,), `w` of (runs, d)."""

    a: torch.Tensor
    w: torch.Tensor

    @property
    def signs(self) -> list[str]:
        """Signs of a and w_1, one of `SIGNS` per run."""
        return [
            f"{'+' if a else '-'}{'+' if w else '-'}"
            for a, w in zip((self.a > 0).tolist(), (self.w[:, 0] > 0).tolist(), strict=True)
        ]


@dataclass(frozen=True)
class Rate:
    """How often one way of training succeeded.

    Attributes:
        expected: the success rate in theory.
        by_signs: by the initial signs (`SIGNS`), (successes, runs).
        masks: runs in which the pruning kept the right input; None where nothing was pruned.
    """

    expected: float
    by_signs: dict[str, tuple[int, int]]
    masks: int | None = None

    @property
    def successes(self) -> int:
        """Number of runs that learned the target."""
        return sum(successes for successes, _ in self.by_signs.values())

    @property
    def runs(self) -> int:
        """Number of runs."""
        return sum(runs for _, runs in self.by_signs.values())

    @property
    def rate(self) -> float:
        """Fraction of the runs that learned the target."""
        return self.successes / self.runs


def single_neuron(setting: Setting | None = None) -> dict[str, Rate]:
    """Return the success rates of "d=1" (one input from the start), "dense" (d inputs), "imp" and "lrr" (d to 1).

    The last three start from the same initialisations. The same setting gives the same rates. It works on one thread:
    its matrices are so small that several would wait for each other most of the time.
    """
    with threads(1):
        return _experiment(setting or Setting())


def _experiment(setting: Setting) -> dict[str, Rate]:
    x, y = examples(setting, 1)
    alone = draw(setting, 1)
    rates = {"d=1": _rate(0.25, alone, descend(alone, x, y, setting), x, y, setting)}

    x, y = examples(setting, setting.dimension)
    first = draw(setting, setting.dimension)
    trained = descend(first, x, y, setting)
    rates["dense"] = _rate(0.5, first, trained, x, y, setting)
    kept = trained.w.abs().argmax(dim=1, keepdim=True)
    sound = trained.w.isfinite().all(dim=1, keepdim=True)  # of NaNs the first is the largest
    right = int(((kept == 0) & sound).sum())
    for method, expected, start in (("imp", 0.25, first), ("lrr", 0.5, trained)):
        pruned = Neurons(start.a, torch.zeros_like(start.w).scatter(1, kept, start.w.gather(1, kept)))
        left = torch.zeros_like(start.w).scatter(1, kept, 1.0)
        rates[method] = _rate(expected, first, descend(pruned, x, y, setting, left), x, y, setting, right)
    return rates


def examples(setting: Setting, dimension: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs, shape (n, d), uniform in [-1, 1], and targets relu(x_1), shape (n,), in double precision."""
    generator = stream("single neuron examples", setting.seed, dimension)
    x = 2 * torch.rand(setting.examples, dimension, generator=generator, dtype=torch.float64) - 1
    return x, x[:, 0].relu()


def draw(setting: Setting, dimension: int) -> Neurons:
    """Return balanced initialisations: w ~ N(0, 1/d), a = ||w|| or -||w||, each half the time."""
    generator = stream("single neuron weights", setting.seed, dimension)
    w = torch.randn(setting.runs, dimension, generator=generator, dtype=torch.float64) / dimension**0.5
    positive = torch.randint(2, (setting.runs,), generator=generator)
    return Neurons((2 * positive - 1) * w.norm(dim=1), w)


def descend(
    neurons: Neurons, x: torch.Tensor, y: torch.Tensor, setting: Setting, left: torch.Tensor | None = None
) -> Neurons:
    """Return the neurons after gradient descent on half the mean squared error.

    Args:
        neurons: where to start from; pruned weights are zero.
        x: inputs, shape (n, d).
        y: targets, shape (n,).
        setting: gives rate and steps.
        left: shape (runs, d), 1 for the weights that are left and 0 for the pruned ones; None when all are left.
    """
    left = torch.ones_like(neurons.w) if left is None else left
    pieces = zip(torch.split(neurons.a, _CHUNK), torch.split(neurons.w, _CHUNK), torch.split(left, _CHUNK), strict=True)
    done = [_descend(a, w, kept, x, y, setting) for a, w, kept in pieces]
    return Neurons(torch.cat([a for a, _ in done]), torch.cat([w for _, w in done]))


def losses(neurons: Neurons, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return half the mean squared error of each neuron, shape (runs,)."""
    errors = [
        (a[:, None] * (w @ x.T).relu() - y).square().mean(dim=1) / 2
        for a, w in zip(torch.split(neurons.a, _CHUNK), torch.split(neurons.w, _CHUNK), strict=True)
    ]
    return torch.cat(errors)


def _descend(
    a: torch.Tensor, w: torch.Tensor, left: torch.Tensor, x: torch.Tensor, y: torch.Tensor, setting: Setting
) -> tuple[torch.Tensor, torch.Tensor]:
    transposed, scaled = x.T.contiguous(), x / len(x)
    a, w = a[:, None].clone(), w.clone()
    for _ in range(setting.steps):
        hidden = (w @ transposed).relu_()
        error = torch.addcmul(-y, hidden, a)
        slope = (error * hidden).mean(dim=1, keepdim=True)
        slopes = error.mul_(hidden > 0) @ scaled * a * left
        a -= setting.rate * slope
        w -= setting.rate * slopes
    return a[:, 0], w


def _rate(
    expected: float,
    first: Neurons,
    trained: Neurons,
    x: torch.Tensor,
    y: torch.Tensor,
    setting: Setting,
    masks: int | None = None,
) -> Rate:
    learned = (losses(trained, x, y) < setting.tolerance * y.square().mean() / 2).tolist()
    by_signs = dict.fromkeys(SIGNS, (0, 0))
    for signs, success in zip(first.signs, learned, strict=True):
        successes, runs = by_signs[signs]
        by_signs[signs] = (successes + success, runs + 1)
    return Rate(expected, by_signs, masks)
