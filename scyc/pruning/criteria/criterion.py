"""What a pruning criterion is, what it may look at, and how it prunes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from scyc.pruning.masks import Masks
    from scyc.pruning.scope import Scope

Tensors: TypeAlias = "Mapping[str, torch.Tensor]"
Need = Literal["gradients", "change"]


@dataclass(frozen=True)
class PruningContext:
    """What is known when a trained network is pruned down to `level`.

    Attributes:
        weights: by parameter name, the trained weights; other entries of a model's state are ignored.
        masks: which weights are left so far.
        rate: fraction of the remaining weights pruned per level, in (0, 1).
        level: the level to prune down to, >= 1.
        seed: of the trial, >= 0.
        gradients: gives the gradients of the loss at `weights` by parameter name, `mean_gradients` say; called only
            by criteria that need them.
        change: by parameter name, how far training's last epoch moved the weights, from `weight_change`; needed by
            the criteria of that name alone.
    """

    weights: Tensors
    masks: Masks
    rate: float
    level: int
    seed: int
    gradients: Callable[[], Tensors] | None = None
    change: Tensors | None = None

    @property
    def due(self) -> int:
        """Number of weights to be left in the whole network.

        Raises:
            InputError: when fewer are left already.
        """
        from scyc.pruning.ranking import weights_due

        return weights_due(self.masks.kept, self.rate, self.level)

    def measured_gradients(self) -> Tensors:
        """Return the gradients, measuring them now.

        Raises:
            InputError: when the context cannot give them.
        """
        if self.gradients is None:
            raise InputError(_missing("gradients"))
        return self.gradients()

    def recorded_change(self) -> Tensors:
        """Return the change over training's last epoch.

        Raises:
            InputError: when it was not recorded.
        """
        if self.change is None:
            raise InputError(_missing("change"))
        return self.change


@dataclass(frozen=True)
class Criterion:
    """A rule that says which weights go.

    Attributes:
        name: the key in `CRITERIA`.
        scores: gives every prunable weight its score, by parameter name; the lowest go first.
        counts: gives the number of weights to leave in each parameter, if the criterion decides that itself.
        needs: the optional part of the context that `scores` looks at.
        global_only: if the scope "layer" makes no sense, why, as the end of a sentence.
    """

    name: str
    scores: Callable[[PruningContext], dict[str, torch.Tensor]]
    counts: Callable[[PruningContext], dict[str, int]] | None = None
    needs: Need | None = None
    global_only: str | None = None

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The scopes that make sense."""
        return ("global",) if self.global_only else ("global", "layer")

    def check(self, scope: Scope) -> None:
        """Check that the criterion can prune within `scope`.

        Raises:
            InputError: when that makes no sense.
        """
        if scope not in self.scopes:
            raise InputError(f"The criterion {self.name!r} cannot have the scope {scope!r}: {self.global_only}.")

    def prune(self, context: PruningContext, *, scope: Scope = "global") -> Masks:
        """Return the context's masks with exactly as many weights left as are due at its level.

        Ties are broken as in `scyc.pruning.prune`; a pruned weight never comes back.

        Args:
            context: the trained network and what else the criterion needs.
            scope: "global" compares the weights of all layers, "layer" leaves the same density in each.

        Raises:
            InputError: when the scope makes no sense, the context lacks what the criterion needs, or fewer weights
                are left already than the level asks for.
        """
        from scyc.pruning.ranking import prune, prune_to_counts

        self.check(scope)
        scores = self.scores(context)
        if self.counts is not None:
            return prune_to_counts(scores, context.masks, self.counts(context))
        return prune(scores, context.masks, rate=context.rate, level=context.level, scope=scope)


def _missing(need: Need) -> str:
    return (
        f"The pruning criterion needs `{need}`, but the pruning context has none; "
        "give it, or choose a criterion that does not need it, such as magnitude."
    )
