"""What can be refused before any work starts: looked at here, all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.weights import dump_checkpoint
from oracle.worker import training_device
from scyc.pruning import Masks, prunable_weights
from scyc.trial import Checkpoint

if TYPE_CHECKING:
    from oracle.spec import Spec
    from studies import Artifacts


def check_ready(spec: Spec, artifacts: Artifacts, *, here: bool = True) -> None:
    """See that the spec's workload, data, device and artifact store can do what it asks for.

    Args:
        spec: of the study.
        artifacts: where its weights will go.
        here: whether trials train on this machine, so that its GPU is looked for.

    Raises:
        InputError: the workload does not import, its data set is missing, or does not fit batch or rewind step.
        StudyError: the artifact store cannot be written to, or has no room for the weights of a level in training
            and of every winner.
    """
    protocol = spec.protocol()
    if here:
        training_device(spec)
    protocol.check(protocol.workload.load_data())
    model = protocol.workload.build_model()
    masks = Masks.dense(model, prunable_weights(model, batch_norm=spec.pruning.batch_norm))
    size = len(dump_checkpoint(Checkpoint(dict(model.state_dict()), masks)))
    under_way = 2 * spec.search.max_lr.budget  # at level 0 a trial leaves its rewind point too
    artifacts.check_writable(size * len(spec.seeds) * (under_way + spec.levels))
