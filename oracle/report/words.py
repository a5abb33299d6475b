"""Numbers and ranges as text, the same way everywhere in the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oracle.comparison import Comparison, Credible
    from oracle.comparison.regret import Estimate, Regret
    from oracle.results.best import LevelBest
    from oracle.results.intervals import Interval
    from oracle.results.level_view import LevelView
    from oracle.spec.metric import MetricSpec

NOTHING = "–"
DENSITIES = "Density is that of the prunable weights, network that of all parameters."
GAPS = "A gap is a candidate inside an interval that is told from the best all the same."
BEST = (
    "The best max_lr is that of one smooth surface, fitted to all candidates of all levels; its 90\u202f% band is for "
    "each level by itself. The winner is the candidate with the best mean."
)
TOGETHER = "†"
"""Marks a difference that is also one when all schedules are judged together."""
NOT_RECORDED = "not recorded"
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def rate(max_lr: float) -> str:
    """Return a learning rate with three significant digits."""
    return f"{max_lr:.3g}"


def winner(level: LevelView) -> str:
    """Return a level's best max_lr, and whether it is on the edge of the candidates."""
    if level.winner is None:
        return "none" if level.silence else NOTHING
    return rate(level.winner) + " (edge)" * level.edge


def best(found: LevelBest | None) -> str:
    """Return the best max_lr of a level by the model, with its 90 % band: `0.16 (0.14 – 0.17)`."""
    return NOTHING if found is None else f"{rate(found.best)} ({rate(found.low)} – {rate(found.high)})"


def known(found: LevelBest | None, metric: MetricSpec) -> str:
    """Return how well the best max_lr of a level is known: "resolved", "tied < 0.6" (points) or "open"."""
    if found is None:
        return NOTHING
    return f"tied < {metric.most(found.difference)}" if found.word == "tied" else found.word


def how_known(metric: MetricSpec) -> str:
    """Return what the words of `known` mean."""
    differ = f"so many points of {metric.name}" if metric.format == "percent" else f"so much in {metric.name}"
    return (
        "Resolved: the band spans no more than a factor of two. Tied: it spans more, and the values in it differ by "
        f"less than {differ}; a larger difference would have shown. Open: the candidates end before the band."
    )


def known_in_full(found: LevelBest | None, metric: MetricSpec) -> str:
    """Return the same as `known`, as a phrase that needs no explanation."""
    if found is None:
        return NOTHING
    return {
        "resolved": "resolved",
        "tied": f"tied: they differ by less than {metric.most(found.difference)}{metric.points}",
        "open": "open: the candidates end first",
    }[found.word]


def density(fraction: float) -> str:
    """Return a density in percent with three significant digits."""
    return f"{100 * fraction:.3g}\u202f%"


def interval(bounds: Interval | None) -> str:
    """Return `low – high`; ≤ and ≥ mark open bounds, and gaps are counted."""
    if bounds is None:
        return NOTHING
    low = "≤\u202f" * bounds.low_open + rate(bounds.low)
    high = "≥\u202f" * bounds.high_open + rate(bounds.high)
    return f"{low} – {high}" + (f" ({count(len(bounds.gaps), 'gap')})" if bounds.gaps else "")


def loss(difference: float | None, metric: MetricSpec) -> str:
    """Return how much worse something is, as a number in the metric's unit (points of percent)."""
    if difference is None:
        return NOTHING
    text = metric.number(difference)
    return metric.number(0.0) if not float(text) else text.replace("-", "−")


def credible(value: Credible | None, metric: MetricSpec) -> str:
    """Return a regret by the model, in the metric's unit, with its band."""
    if value is None:
        return NOTHING
    return f"{loss(value.mean, metric)} ({loss(value.low, metric)} to {loss(value.high, metric)})"


def near_best(comparison: Comparison) -> str:
    """Return what a hit is by the model."""
    return f"within {comparison.metric.amount(comparison.tolerance)}"


def estimate(value: Estimate | None, metric: MetricSpec) -> str:
    """Return how much worse something is, in the metric's unit, with its interval if it has one."""
    if value is None or value.low is None or value.high is None:
        return loss(value.mean if value else None, metric)
    return f"{loss(value.mean, metric)} ({loss(value.low, metric)} to {loss(value.high, metric)})"


def regret(value: Regret | None, metric: MetricSpec) -> str:
    """Return a regret in training with its interval, and a mark if it is a difference among all schedules together."""
    return estimate(value, metric) + f" {TOGETHER}" * bool(value and value.together)


def count(number: int, noun: str) -> str:
    """Return the number with its noun, in the plural unless there is one."""
    return f"{number:,} {noun}" + "s" * (number != 1)


def headed(text: str) -> str:
    """Return a text as it begins a heading: with a capital letter, and otherwise as it is."""
    return text[:1].upper() + text[1:]


def listing(items: list[str]) -> str:
    """Return `a`, `a and b` or `a, b and c`."""
    *head, last = items
    return f"{', '.join(head)} and {last}" if head else last


def flat(value: Any) -> str:
    """Return a value of the provenance as one line of text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {flat(item)}" for key, item in value.items()) or NOT_RECORDED
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return NOT_RECORDED if value in (None, "") else str(value)


def duration(seconds: float) -> str:
    """Return a time span in its two largest units, such as `3 min 24 s`."""
    if seconds < 10:
        return f"{seconds:.2g}\u202fs"
    rest = round(seconds)
    parts = []
    for size, unit in _UNITS:
        amount, rest = divmod(rest, size)
        parts.append((amount, unit))
    first = next(i for i, (amount, _) in enumerate(parts) if amount)
    return " ".join(f"{amount}\u202f{unit}" for amount, unit in parts[first : first + 2] if amount)
