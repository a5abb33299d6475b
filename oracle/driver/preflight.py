"""Checks before any work starts: whatever can be refused is refused here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.execution.worker import training_device

if TYPE_CHECKING:
    from oracle.spec.model import Spec
    from scyc.protocol import Protocol
    from studies import Artifacts


def check_ready(spec: Spec, artifacts: Artifacts, *, here: bool = True) -> None:
    """Check that the workload, data, device and artifact store can do what the spec asks for.

    Args:
        spec: spec of the study.
        artifacts: where its weights will go.
        here: whether trials train on this machine; if so, its GPU is checked.

    Raises:
        InputError: the workload cannot be imported, its data set is missing or too small for a batch, or the rewind
            step is too large.
        StudyError: the artifact store cannot be written to, or has no room for the weights of one level's trials and of
            every winner.
    """
    protocol = spec.protocol()
    if here:
        training_device(spec)
    protocol.check(protocol.workload.load_data())
    under_way = 2 * spec.search.max_lr.budget  # at level 0 a trial leaves its rewind point too
    artifacts.check_writable(_checkpoint_bytes(protocol) * len(spec.seeds) * (under_way + spec.levels))


def _checkpoint_bytes(protocol: Protocol) -> int:
    """Return about how many bytes one trial's weights, masks and optimizer state take up."""
    model, pruning = protocol.workload.build_model(), protocol.pruning
    state: int = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    masks = sum(model.get_parameter(name).numel() for name in protocol.prunable(model))
    moments = 2 if protocol.recipe.optimizer.kind == "adamw" else 1
    return state * (1 + moments * (pruning.optimizer_state == "with-weights")) + masks
