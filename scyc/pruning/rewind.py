"""Rewinds: the weights that a pruned network starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

Rewind = Literal["weights", "learning-rate", "reinit"]
Statistics = Literal["with-weights", "trained"]
_RUNNING = ("running_mean", "running_var", "num_batches_tracked")


def rewound(
    kind: Rewind,
    *,
    trained: Mapping[str, torch.Tensor],
    early: Mapping[str, torch.Tensor],
    fresh: Callable[[], Mapping[str, torch.Tensor]],
    statistics: Statistics = "with-weights",
) -> Mapping[str, torch.Tensor]:
    """Return the model state (parameters and buffers) that training at the next level starts from.

    Args:
        kind: "weights" goes back to an early checkpoint (Frankle & Carbin 2019; Renda et al. 2020, IMP/WR);
            "learning-rate" keeps the trained weights and restarts the profile (Renda et al. 2020, LRR);
            "reinit" draws new weights (the default of the SILO authors' code).
        trained: state at the end of the level before.
        early: state at the rewind step of the dense network's training.
        fresh: draws a newly initialised state.
        statistics: the running statistics of BatchNorm layers: "with-weights" takes them from where the weights come
            from; "trained" keeps them, as the code of Gadhikar & Burkholz (ICLR 2024) does, which rewinds parameters
            alone (github.com/AdvaitGadhikar/imp-lrr-lts).
    """
    match kind:
        case "weights":
            state = early
        case "learning-rate":
            return trained
        case "reinit":
            state = fresh()
    if statistics == "with-weights":
        return state
    return {name: trained.get(name, tensor) if name.endswith(_RUNNING) else tensor for name, tensor in state.items()}
