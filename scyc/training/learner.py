"""One network in training: its masks, optimizer and learning rates, and what is recorded of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scyc.gradient_recorder import GradientRecorder
from scyc.optimizer_state import optimizer_state, restore_optimizer, set_momentum
from scyc.optimizer_steps import OptimizerSteps
from scyc.profiles import learning_rates, momenta
from scyc.pruning import weight_change
from scyc.state import copy_state
from scyc.training.evaluation import accuracy, answers_on, finite, guessing
from scyc.training.recipe import check_rewind_step
from scyc.training.result import EpochMetrics, Snapshot, Training

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import nn

    from scyc.data import Dataset
    from scyc.pruning import Masks
    from scyc.training.recipe import Recipe
    from scyc.training.result import State
    from scyc.training.stop_rule import StopRule


class Learner:
    """A network with everything that trains it at one level, except the gradients, which an engine computes.

    Args:
        model: on the device of the data, laid out as the engine wants it.
        masks: which weights are left.
        recipe: epochs, batch size, profile and optimizer.
        steps: of the level, >= 1.
        max_lr: upper bound of the learning rate, > 0.
        optimizer_from: what the optimizer remembers as training begins, from a `Snapshot`; default: nothing.
        rewind_step: take a snapshot after this many steps.
        keep_optimizer: have the snapshots tell what the optimizer remembers.
        keep_change: tell how far the last epoch moved the prunable weights.
        stop: ends the training early if it is not good enough; default: it is trained to its end.

    Attributes:
        rates: the learning rate of every step.
        momenta: the momentum of every step, where the profile moves it.
        training: what the training gave; None until it has ended.

    Raises:
        InputError: when `rewind_step` is past the last step, or `stop` would stop nothing.
    """

    def __init__(
        self,
        model: nn.Module,
        masks: Masks,
        recipe: Recipe,
        steps: int,
        *,
        max_lr: float,
        optimizer_from: Mapping[str, torch.Tensor] | None = None,
        rewind_step: int | None = None,
        keep_optimizer: bool = False,
        keep_change: bool = False,
        stop: StopRule | None = None,
    ) -> None:
        if rewind_step is not None:
            check_rewind_step(rewind_step, steps)
        if stop is not None:
            stop.check(recipe.epochs)
        self.model, self.masks, self.recipe = model, masks, recipe
        self.rates, self.momenta = learning_rates(recipe.profile, max_lr, steps), momenta(recipe.profile, steps)
        self.optimizer = recipe.optimizer.build(model)
        restore_optimizer(self.optimizer, model, optimizer_from or {})
        self._steps = OptimizerSteps(self.optimizer)
        self.pruned = masks.bind(model)
        self.pruned.apply()
        self.training: Training | None = None
        self._stop = stop
        self._rewind_step, self._keep_optimizer, self._keep_change = rewind_step, keep_optimizer, keep_change
        self._recorder = GradientRecorder(model, masks, steps)
        self._epochs: list[EpochMetrics] = []
        self._before: State = {}  # as the network was when the epoch began
        self._infinite = _not_finite(dict(model.named_buffers()))  # on purpose, such as the mask of an attention
        self._early = self._snapshot() if rewind_step == 0 else None

    def begin_epoch(self) -> None:
        """Get ready to train for an epoch."""
        self.model.train()
        if self._keep_change:
            self._before = copy_state(self.model)

    def set_rates(self, step: int) -> None:
        """Set the optimizer's learning rate and momentum for a step; steps count from 0."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rates[step]
            if self.momenta is not None:
                set_momentum(group, self.momenta[step])

    def advance(self) -> None:
        """Take a step with the gradients that are there."""
        self._steps.take()
        self.pruned.apply()

    def observe(self, step: int) -> None:
        """Record a step that has been taken; steps count from 0."""
        if self.training is None:
            self._recorder.record(step)
            if step + 1 == self._rewind_step:
                self._early = self._snapshot()

    def end_epoch(self, train_loss: float, data: Dataset) -> None:
        """Evaluate; the training ends with the last epoch, when the loss is not finite, or when its rule stops it.

        Args:
            train_loss: mean over the epoch's batches.
            data: to watch the training on, and to validate and test on once it ends.
        """
        loss = finite(train_loss)
        last = loss is None or len(self._epochs) + 1 == self.recipe.epochs
        with self.recipe.autocast(data.validation.device):
            val_loss, answers = answers_on(self.model, data.validation if last else data.watched_split)
        self._epochs.append(EpochMetrics(len(self._epochs), loss, val_loss, accuracy(answers)))
        if last:
            self.training = self._finish(data, loss, answers)
        elif self._stop is not None and self._stop.judges(self._epochs[-1]):
            self.training = self._stopped()

    def _finish(self, data: Dataset, last_loss: float | None, val_answers: torch.Tensor) -> Training:
        with self.recipe.autocast(data.test.device):
            test_loss, test_answers = answers_on(self.model, data.test)
        last, end = self._epochs[-1], self._snapshot()
        sound = last_loss is not None and last.val_loss is not None and _not_finite(end.state) <= self._infinite
        val_answers, test_answers = val_answers & sound, test_answers & sound  # of NaNs, the largest is the first class
        return Training(
            tuple(self._epochs),
            test_loss if sound else None,
            accuracy(test_answers),
            finite=sound,
            diverged=not sound or _learned_nothing(last, data),
            early=self._early,
            last=end,
            change=weight_change(self._before, self.model.state_dict(), self.masks) if self._keep_change else None,
            gradients=self._recorder.summaries(),
            answers={"validation": val_answers.cpu(), "test": test_answers.cpu()},
        )

    def _stopped(self) -> Training:
        return Training(
            tuple(self._epochs),
            None,
            0.0,
            finite=True,
            diverged=False,
            early=None,
            last=self._snapshot(),
            stopped=True,
        )

    def _snapshot(self) -> Snapshot:
        remembered = optimizer_state(self.optimizer, self.model) if self._keep_optimizer else None
        return Snapshot(copy_state(self.model), remembered)


def _learned_nothing(last: EpochMetrics, data: Dataset) -> bool:
    """Return whether a training whose last epoch is finite ended no better than guessing."""
    loss = last.train_loss
    return loss is None or (loss >= math.log(data.num_classes) and last.val_accuracy <= guessing(data.validation))


def _not_finite(state: State) -> set[str]:
    return {name for name, tensor in state.items() if not tensor.isfinite().all()}
