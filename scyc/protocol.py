"""What the trials of a study share: workload, recipe, and how the network is pruned; and what a trial leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from scyc.data.checking import check_dataset
from scyc.errors import InputError
from scyc.profiles import check_reach
from scyc.pruning import find_criterion
from scyc.training.recipe import Recipe, check_rewind_step

if TYPE_CHECKING:
    from torch import nn

    from scyc.data import Dataset
    from scyc.pruning import Coverage, Masks, Rewind, Scope, Statistics
    from scyc.training.result import State
    from scyc.workloads import Workload

OptimizerState = Literal["fresh", "with-weights"]


@dataclass(frozen=True)
class Pruning:
    """How the network is pruned from one level to the next, and what the next level starts from.

    Attributes:
        rate: fraction of the remaining weights pruned per level, in (0, 1).
        criterion: one of `scyc.pruning.CRITERIA`.
        rewind_step: the step of the dense network's training that `rewind="weights"` goes back to, >= 0.
        statistics: what becomes of BatchNorm's running statistics; see `scyc.pruning.rewound`.
        optimizer_state: each level starts with a "fresh" optimizer; or "with-weights", with what it remembered when
            the weights were taken: after the last step under `rewind="learning-rate"`, at the rewind step under
            `rewind="weights"` (both so in the code of Gadhikar & Burkholz, ICLR 2024).
        batch_norm: prune BatchNorm's scales too; see `scyc.pruning.prunable_weights`.
        parameters: patterns of names, see `scyc.pruning.matching_parameters`: prune these parameters and no others.

    Raises:
        InputError: when there is no such criterion, it does not go with the scope, new weights should come with an
            optimizer's memory of old ones, or `batch_norm` goes with `parameters`.
    """

    rate: float = 0.2
    criterion: str = "magnitude"
    scope: Scope = "global"
    rewind: Rewind = "weights"
    rewind_step: int = 0
    statistics: Statistics = "with-weights"
    optimizer_state: OptimizerState = "fresh"
    batch_norm: bool = False
    parameters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse settings that do not go together."""
        find_criterion(self.criterion).check(self.scope)
        if self.rewind == "reinit" and self.optimizer_state == "with-weights":
            raise InputError(
                'New weights (rewind = "reinit") come with no optimizer state; set optimizer_state to "fresh".'
            )
        if self.batch_norm and self.parameters:
            raise InputError(
                "With pruning.parameters, just these are pruned; leave out batch_norm, and name BatchNorm's scales too."
            )

    @property
    def needs_change(self) -> bool:
        """Whether a checkpoint has to say how far the last epoch moved its weights."""
        return find_criterion(self.criterion).needs == "change"


@dataclass(frozen=True)
class Checkpoint:
    """A trained network.

    Attributes:
        state: parameters and buffers.
        masks: which of its weights are left.
        change: how far the last epoch moved the prunable weights, where the pruning criterion needs to know.
        optimizer: what the optimizer remembers, by `kind/parameter`, where the next level may continue from it.
    """

    state: State
    masks: Masks
    change: State | None = None
    optimizer: State | None = None


@dataclass(frozen=True)
class Protocol:
    """Everything that the trials of a study share."""

    workload: Workload
    recipe: Recipe = field(default_factory=Recipe)
    pruning: Pruning = field(default_factory=Pruning)

    def prunable(self, model: nn.Module) -> list[str]:
        """Return the names of the parameters that are pruned: those that the pruning names, else those of the workload.

        If neither names any, they are those of `scyc.pruning.prunable_weights`.

        Raises:
            InputError: when there are none, a pattern matches none, or one of them cannot be pruned.
        """
        from scyc.pruning import matching_parameters, prunable_weights  # whoever reads a spec does without PyTorch

        if self.pruning.parameters:
            return matching_parameters(model, self.pruning.parameters, "pruning.parameters")
        if self.workload.prunable is not None:
            if self.pruning.batch_norm:
                raise InputError(
                    f"The workload {self.workload.name!r} says itself what is pruned; leave out pruning.batch_norm, "
                    "and have it name BatchNorm's scales too."
                )
            source = f"`prunable` of the workload {self.workload.name!r}"
            return matching_parameters(model, self.workload.prunable(model), source)
        return prunable_weights(model, batch_norm=self.pruning.batch_norm)

    def coverage(self) -> Coverage:
        """Return how much of the workload's network is pruned."""
        from scyc.pruning import Coverage

        model = self.workload.build_model()
        return Coverage.of(model, self.prunable(model))

    def check(self, data: Dataset) -> None:
        """Check that something can be learned from the data, and that the recipe and the pruning fit them.

        Raises:
            InputError: one of the reasons of `scyc.data.check_dataset`; or when the training split is smaller than a
                batch, the rewind step is past a level's last, or the profile stays far below `max_lr`, see
                `scyc.profiles.check_reach`.
        """
        check_dataset(data, f"the workload {self.workload.name!r}")
        steps = self.recipe.steps(len(data.train))
        check_rewind_step(self.pruning.rewind_step, steps)
        check_reach(self.recipe.profile, steps)
