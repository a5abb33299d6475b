"""DropNet's Algorithm 1: train from the same initial weights again and again, dropping units in between."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Literal

from scyc.dropnet.criteria import CRITERIA, Criterion, dropped
from scyc.dropnet.layers import HiddenLayer, hidden_layers
from scyc.dropnet.training import EarlyStopping, train_until_stale
from scyc.dropnet.units import Units
from scyc.errors import InputError
from scyc.randomness import seeded
from scyc.training.evaluation import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch
    from torch import nn

    from scyc.data import Augmentation, Dataset
    from scyc.training.result import EpochMetrics

End = Literal["accuracy", "nothing left", "cycles", "diverged"]


@dataclass(frozen=True)
class DropNet:
    """What is dropped, and when that ends; the defaults of rate and training are the paper's.

    Attributes:
        criterion: one of `CRITERIA`.
        rate: fraction of the remaining units that a cycle drops, in (0, 1).
        at_a_time: drop this many units per cycle instead, >= 1; not by layer. The oracle drops one at a time.
        kappa: the last cycle is the first whose validation accuracy is at most `kappa` of the first one's, in [0, 1).
        cycles: at most this many, >= 1; default: until the accuracy falls or nothing is left to drop.
        reinit: draw new initial weights for every cycle, rather than go back to the first ones.
        training: of every cycle.

    Raises:
        InputError: when one of them is out of its range, or does not go with another.
    """

    criterion: Criterion = "minimum"
    rate: float = 0.2
    at_a_time: int | None = None
    kappa: float = 0.5
    cycles: int | None = None
    reinit: bool = False
    training: EarlyStopping = field(default_factory=EarlyStopping)

    def __post_init__(self) -> None:
        """Refuse settings that do not go together."""
        if self.criterion not in CRITERIA:
            raise InputError(f"There is no criterion {self.criterion!r}: choose one of {', '.join(CRITERIA)}.")
        if not (0 < self.rate < 1 and 0 <= self.kappa < 1):
            raise InputError(
                f"rate is {self.rate} and kappa is {self.kappa}; rate must lie between 0 and 1, and kappa be at least "
                "0 and below 1."
            )
        if any(number is not None and number < 1 for number in (self.at_a_time, self.cycles)):
            raise InputError(
                f"at_a_time is {self.at_a_time} and cycles is {self.cycles}; where given, both must be whole numbers "
                "from 1 on."
            )
        if self.at_a_time is not None and self.criterion.endswith("_layer"):
            raise InputError(
                f"The criterion {self.criterion!r} drops a fraction of each layer, so it cannot drop {self.at_a_time} "
                f"units at a time; choose {self.criterion.removesuffix('_layer')!r}, or give only a rate."
            )
        if self.at_a_time not in (None, 1) and self.criterion == "oracle":
            raise InputError(f"The oracle drops one unit at a time, not {self.at_a_time}; leave at_a_time out.")


@dataclass(frozen=True)
class Cycle:
    """One cycle: a training from initial weights with the units that are left.

    Attributes:
        cycle: from 0 on; in cycle 0 no unit is dropped.
        units: those that the network was trained with.
        epochs: one entry per epoch trained.
        test_loss: mean over the test split after the last epoch, None when not finite.
        test_accuracy: fraction, after the last epoch; never used to choose.
        state: parameters and buffers after the last epoch; all that belongs to a dropped unit is zero.
        end: in the last cycle, why it was the last one: the validation "accuracy" fell to `kappa` of cycle 0's,
            "nothing left" to drop, as many "cycles" as there were to be, or the training "diverged".
    """

    cycle: int
    units: Units
    epochs: tuple[EpochMetrics, ...]
    test_loss: float | None
    test_accuracy: float
    state: dict[str, torch.Tensor]
    end: End | None

    @property
    def val_accuracy(self) -> float:
        """Validation accuracy after the last epoch, a fraction."""
        return self.epochs[-1].val_accuracy


def dropnet(
    build_model: Callable[[], nn.Module],
    data: Dataset,
    settings: DropNet | None = None,
    *,
    seed: int = 0,
    augmentation: Augmentation | None = None,
) -> Iterator[Cycle]:
    """Yield the cycles of DropNet, each as soon as it is trained.

    Tan & Motani, "DropNet: Reducing Neural Network Complexity via Iterative Pruning", ICML 2020, Algorithm 1: go back
    to the initial weights, apply the masks, train with early stopping, drop units, until the validation accuracy is at
    most `kappa` times the first cycle's. On one kind of CPU, with one build of PyTorch and one number of
    threads, the cycles are the same to the bit however often they are asked for.

    Args:
        build_model: returns a new network, one sequence of layers, its weights drawn from PyTorch's default generator.
        data: on the device to train on.
        settings: criterion, rate, end and training.
        seed: determines initial weights, batch order, augmentation and what the random criteria draw, >= 0.
        augmentation: applied to training batches only.

    Raises:
        InputError: when the network has no units that can be dropped; at once, before anything is trained.
    """
    model = _initialised(build_model, "init", seed)
    layers = hidden_layers(model)
    return _cycles(build_model, model, layers, data, settings or DropNet(), seed, augmentation)


def _cycles(
    build_model: Callable[[], nn.Module],
    model: nn.Module,
    layers: tuple[HiddenLayer, ...],
    data: Dataset,
    settings: DropNet,
    seed: int,
    augmentation: Augmentation | None,
) -> Iterator[Cycle]:
    model.to(data.train.device)
    initial = _copy(model)
    units = Units.all_of(layers)
    enough = 0.0  # an accuracy at most so high ends it
    for cycle in count():
        fresh = settings.reinit and cycle > 0
        model.load_state_dict(_initialised(build_model, "reinit", seed, cycle).state_dict() if fresh else initial)
        masks = units.masks(model, layers)
        epochs = train_until_stale(
            model, masks, data, settings.training, seed=seed, cycle=cycle, augmentation=augmentation
        )
        test_loss, test_accuracy = evaluate(model, data.test)
        last = epochs[-1]
        if cycle == 0:
            enough = settings.kappa * last.val_accuracy
        left = units
        end: End | None
        if last.train_loss is None or last.val_loss is None:
            end = "diverged"
        elif last.val_accuracy <= enough:
            end = "accuracy"
        elif cycle + 1 == settings.cycles:
            end = "cycles"
        else:
            left = dropped(
                settings.criterion,
                model,
                layers,
                units,
                data.train,
                rate=settings.rate,
                at_a_time=settings.at_a_time,
                seed=seed,
                cycle=cycle,
            )
            end = "nothing left" if left.alive == units.alive else None
        yield Cycle(cycle, units, epochs, test_loss, test_accuracy, _copy(model), end)
        if end is not None:
            return
        units = left


def _initialised(build_model: Callable[[], nn.Module], *purpose: str | int) -> nn.Module:
    with seeded(*purpose):
        return build_model()


def _copy(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
