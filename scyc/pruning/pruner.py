"""Pruning inside a training loop of your own: any module, any optimizer, a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from scyc.errors import InputError
from scyc.pruning.criteria.magnitude import magnitude
from scyc.pruning.masks import Masks
from scyc.pruning.prunable import matching_parameters, own_names, prunable_weights
from scyc.pruning.ranking import prune

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch.optim import Optimizer
    from torch.utils.hooks import RemovableHandle

    from scyc.pruning.scope import Scope


class Pruner:
    """Prunes the weights of a module, and holds them at zero while an optimizer trains the others.

    ```python
    pruner = Pruner(model)
    if trial.parent:
        state = torch.load(trial.parent / "model.pt")
        model.load_state_dict(state["model"])
        pruner.load_state_dict(state["masks"])
        pruner.prune(rate=0.2, level=trial.level)
    pruner.attach(optimizer)
    ...  # train
    torch.save({"model": model.state_dict(), "masks": pruner.state_dict()}, trial.out / "model.pt")
    ```

    Args:
        model: any module. Its parameters may move to another device later, but must stay the same objects from
            `attach` on.
        parameters: names of the parameters to prune, or patterns such as `"*.experts.*"`; see
            `scyc.pruning.matching_parameters`. Default: those of `scyc.pruning.prunable_weights`, but for weights that
            an embedding shares. So bare parameters, which belong to no layer that is known here, are pruned only where
            they are named.

    Attributes:
        masks: which weights are left; all at first.

    Raises:
        InputError: the model has no weight that is pruned by default, or a pattern matches no parameter.
    """

    def __init__(self, model: nn.Module, parameters: Iterable[str] | None = None) -> None:
        self.model = model
        self.masks = Masks.dense(model, _by_default(model) if parameters is None else _named(model, parameters))

    @property
    def density(self) -> float:
        """Fraction of the prunable weights left, in (0, 1]."""
        return self.masks.density

    def prune(
        self,
        rate: float,
        level: int,
        *,
        scores: Mapping[str, torch.Tensor] | None = None,
        scope: Scope = "global",
    ) -> None:
        """Prune down to (1 - rate)^level of the weights, and set the pruned ones to zero.

        Args:
            rate: fraction of the remaining weights pruned per level, in (0, 1).
            level: number of prunings done, this one included, >= 1.
            scores: by parameter name, tensors of the parameters' shapes; the weights with the lowest ones are pruned.
                Default: the weights' magnitudes.
            scope: "global" ranks all weights together, "layer" prunes each parameter to the same density.

        Raises:
            InputError: fewer weights are left already, or the scores are not those of these parameters.
        """
        if scores is None:
            scores = magnitude(dict(self.model.named_parameters()), self.masks)
        self._check(scores, "scores")
        on_cpu = {name: scores[name].detach().cpu() for name in self.masks.kept}  # equal scores rank alike everywhere
        self.masks = prune(on_cpu, self.masks, rate=rate, level=level, scope=scope)
        self.masks.bind(self.model).apply()

    def attach(self, optimizer: Optimizer) -> RemovableHandle:
        """Set pruned weights to zero now and after every step of `optimizer`; the handle's `remove()` ends it.

        Where a library wraps optimizers, such as Accelerate, attach to the optimizer that it is given. Masks that are
        set later need a new `attach`.
        """
        return self.masks.bind(self.model).attach(optimizer)

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return the masks: boolean tensors by parameter name, on the CPU, True where a weight is left."""
        return dict(self.masks.kept)

    def load_state_dict(self, masks: Mapping[str, torch.Tensor]) -> None:
        """Take masks that `state_dict` returned, or that come from elsewhere: structured ones, or two of every four.

        The pruned weights are set to zero.

        Args:
            masks: by parameter name, tensors of the parameters' shapes; a weight is left where its mask is not 0.

        Raises:
            InputError: they are masks of other parameters, have other shapes, or leave nothing.
        """
        self._check(masks, "masks")
        found = Masks({name: masks[name].detach().cpu().bool() for name in self.masks.kept})
        if found.alive == 0:
            raise InputError("These masks leave no weight at all; a weight is left where its mask is not 0.")
        self.masks = found
        self.masks.bind(self.model).apply()

    def _check(self, given: Mapping[str, torch.Tensor], what: str) -> None:
        if odd := sorted(set(given) ^ set(self.masks.kept)):
            raise InputError(
                f"These {what} are not those of the pruned parameters: only one of the two has {', '.join(odd[:12])}. "
                f"Name the parameters to prune when you make the Pruner, and give {what} for each of them."
            )
        for name, mask in self.masks.kept.items():
            if given[name].shape != mask.shape:
                raise InputError(
                    f"The {what} of {name} have the shape {tuple(given[name].shape)}, but the parameter has "
                    f"{tuple(mask.shape)}."
                )


def _named(model: nn.Module, patterns: Iterable[str]) -> list[str]:
    return matching_parameters(model, [patterns] if isinstance(patterns, str) else patterns, "`parameters`")


def _by_default(model: nn.Module) -> list[str]:
    """Return the names of the weights that are pruned by default.

    Raises:
        InputError: there is none.
    """
    own = own_names(model)
    embeddings = {
        own[f"{place}.weight" if place else "weight"]
        for place, layer in model.named_modules()
        if isinstance(layer, nn.Embedding | nn.EmbeddingBag)
    }
    found = [name for name in prunable_weights(model) if name not in embeddings]
    if not found:
        raise InputError(
            f"All layers of {type(model).__name__} that could be pruned share their weights with an embedding; name "
            "what to prune in `parameters`."
        )
    return found
