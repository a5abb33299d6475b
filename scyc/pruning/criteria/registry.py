"""The built-in criteria, by the names that a spec can give."""

from __future__ import annotations

from difflib import get_close_matches

from scyc.errors import InputError
from scyc.lazy import deferred
from scyc.pruning.criteria.criterion import Criterion

# Deferred, because whoever reads the names, scopes and needs, a spec for instance, does without PyTorch.
magnitude = deferred("scyc.pruning.criteria.magnitude:magnitude")
gradient_magnitude = deferred("scyc.pruning.criteria.gradient:gradient_magnitude")
connection_sensitivity = deferred("scyc.pruning.criteria.gradient:connection_sensitivity")
change_magnitude = deferred("scyc.pruning.criteria.change:change_magnitude")
change_times_magnitude = deferred("scyc.pruning.criteria.change:change_times_magnitude")
lamp = deferred("scyc.pruning.criteria.lamp:lamp")
random_scores = deferred("scyc.pruning.criteria.random_scores:random_scores")
erk_counts = deferred("scyc.pruning.criteria.erdos_renyi:erk_counts")

_BUILT_IN = (
    Criterion("magnitude", lambda context: magnitude(context.weights, context.masks)),
    Criterion(
        "gradient",
        lambda context: gradient_magnitude(context.measured_gradients(), context.masks),
        needs="gradients",
    ),
    Criterion(
        "snip",
        lambda context: connection_sensitivity(context.measured_gradients(), context.weights, context.masks),
        needs="gradients",
    ),
    Criterion(
        "weight-change",
        lambda context: change_magnitude(context.recorded_change(), context.masks),
        needs="change",
    ),
    Criterion(
        "weight-change-times-magnitude",
        lambda context: change_times_magnitude(context.recorded_change(), context.weights, context.masks),
        needs="change",
    ),
    Criterion(
        "lamp",
        lambda context: lamp(context.weights, context.masks),
        global_only="LAMP makes layers comparable, and within a layer it is magnitude; "
        "choose the scope 'global', or the criterion 'magnitude'",
    ),
    Criterion("random", lambda context: random_scores(context.masks, seed=context.seed, level=context.level)),
    Criterion(
        "erk",
        lambda context: random_scores(context.masks, seed=context.seed, level=context.level),
        counts=lambda context: erk_counts(context.masks.kept, context.due),
        global_only="it gives each layer a density of its own; "
        "choose the scope 'global', or the criterion 'random' for equal densities",
    ),
    # The control of Gadhikar, Nelaturu & Burkholz ("Cyclic sparse training", 2024): as many cycles, and no pruning.
    Criterion(
        "none",
        lambda context: magnitude(context.weights, context.masks),
        counts=lambda context: {name: int(mask.count_nonzero()) for name, mask in context.masks.kept.items()},
        global_only="it prunes nothing; choose the scope 'global'",
    ),
)

CRITERIA = {criterion.name: criterion for criterion in _BUILT_IN}
"""Every criterion by its name."""


def find_criterion(name: str) -> Criterion:
    """Return the built-in criterion of that name.

    Raises:
        InputError: when there is none.
    """
    if name not in CRITERIA:
        close = get_close_matches(name, CRITERIA, n=1, cutoff=0)
        raise InputError(
            f"There is no pruning criterion {name!r} (did you mean {close[0]!r}?): choose one of {', '.join(CRITERIA)}."
        )
    return CRITERIA[name]
