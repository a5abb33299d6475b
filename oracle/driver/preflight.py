"""Checks before any work starts: whatever can be refused is refused here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from oracle.driver.own_ready import check_own_ready, has_own_training
from oracle.driver.ready import Ready
from oracle.execution.machine import training_device
from oracle.spec.metric import OF_WORKLOADS
from oracle.spec.model import AUTO
from scyc import InputError
from scyc.data import summarise
from scyc.engines import EAGER, engine_for
from scyc.network_check import check_network, engine_fault
from scyc.profiles import check_reach, shortfall
from scyc.pruning import Coverage
from scyc.workloads import is_own

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oracle.spec.model import Spec
    from scyc import Policy
    from scyc.data import Dataset
    from scyc.protocol import Protocol
    from studies import Artifacts, StudyRecord


def check_ready(spec: Spec, artifacts: Artifacts, policies: Iterable[Policy] = (), *, here: bool = True) -> Ready:
    """Check that the workload, data, device and artifact store can do what the spec asks for.

    Of a training of the user's own, see `check_own_ready`.

    Args:
        spec: spec of the study.
        artifacts: where its weights will go.
        policies: what runs of schedules will train with.
        here: whether trials train on this machine; if so, its GPU is checked.

    Raises:
        InputError: the metric is none that the workload can be judged by, the workload cannot be imported, its data set
            is missing, unfit or too small for a batch, the rewind step is too large, a level stays far below its
            max_lr, or the network cannot be trained as it is.
        StudyError: the artifact store cannot be written to, or has no room for the weights of one level's trials and of
            every winner.
    """
    if has_own_training(spec):
        return check_own_ready(spec, artifacts, policies, here=here)
    if spec.metric.name not in OF_WORKLOADS:
        raise InputError(
            f"The workload {spec.workload!r} cannot be judged by {spec.metric.name}: a built-in training knows its "
            f"{' and its '.join(OF_WORKLOADS)}. Choose one of these as metric.name."
        )
    protocol = spec.protocol()
    if here:
        training_device(spec)
    data = protocol.workload.load_data()
    protocol.check(data)
    if is_own(spec.workload):  # the project's own networks are tested
        _check_network(spec, protocol, data)
    under_way = 2 * spec.search.max_lr.budget  # at level 0 a trial leaves its rewind point too
    artifacts.check_writable(_checkpoint_bytes(protocol) * len(spec.seeds) * (under_way + spec.levels))
    coverage, steps = protocol.coverage(), protocol.recipe.steps(len(data.train))
    return Ready(summarise(data, spec.batch_size), coverage, tuple(_shortfalls(spec, steps, policies)))


def check_same_network(spec: Spec, study: StudyRecord, now: Coverage | None) -> None:
    """Check that the network is pruned as it was when the study was begun.

    Args:
        spec: spec of the study.
        study: the study.
        now: how much of the network is pruned today; None if that is the business of the user's own training.

    Raises:
        InputError: it has other parameters, or more or fewer of them are pruned.
    """
    if now is None:
        return
    before = Coverage.read(study.provenance.get("network"))
    if before is not None and (before.parameters, before.prunable) != (now.parameters, now.prunable):
        raise InputError(
            f"The network of the study {study.name!r} has changed since the study was begun. Then: {before.sentence} "
            f"Now: {now.sentence} Train the new network in a study of another name."
        )
    if before is None and spec.pruning.parameters is None and _more_than_before(spec.protocol()):
        raise InputError(
            f"The study {study.name!r} was begun by a version that did not prune all of what is pruned now: recurrent, "
            "bilinear and transposed convolutional layers. Begin a new study under another name."
        )


def _check_network(spec: Spec, protocol: Protocol, data: Dataset) -> None:
    """Check the user's own network, and that the study's engine trains it as the reference does."""
    on_gpu = spec.resources.gpus_per_trial > 0
    place = torch.device("cuda" if on_gpu and torch.cuda.is_available() else "cpu")
    check_network(protocol, data, place)
    if spec.engine == AUTO:  # the choice leaves out what does not fit
        return
    device = torch.device("cuda" if on_gpu else "cpu")
    engine = engine_for(spec.engine, protocol.workload.build_model(), protocol.recipe, device)
    fault = None if engine is EAGER else engine_fault(engine, protocol, data, place)
    if fault:
        raise InputError(
            f"The engine {spec.engine!r} does not train the network of the workload {protocol.workload.name!r} as the "
            f'reference does: {fault}. Choose engine = "eager", or "auto", for a study under another name.'
        )


def _more_than_before(protocol: Protocol) -> bool:
    """Return whether more is pruned by default than in versions that did not record what is pruned."""
    later = (nn.RNNBase, nn.RNNCellBase, nn.Bilinear, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    layers = protocol.workload.build_model().modules()
    return protocol.workload.prunable is None and any(isinstance(layer, later) for layer in layers)


def _shortfalls(spec: Spec, steps: int, policies: Iterable[Policy]) -> Iterator[str]:
    """Check how near to max_lr each profile comes, and yield a sentence on each that stays a little below.

    Raises:
        InputError: one of them stays far below.
    """
    own = spec.profile.build()
    trained = (policy.profile_at(level) or own for policy in policies for level in range(spec.levels))
    for profile in dict.fromkeys([own, *trained]):
        check_reach(profile, steps)
        if sentence := shortfall(profile, steps):
            yield sentence


def _checkpoint_bytes(protocol: Protocol) -> int:
    """Return about how many bytes one trial's weights, masks and optimizer state take up."""
    model, pruning = protocol.workload.build_model(), protocol.pruning
    state: int = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    masks = sum(model.get_parameter(name).numel() for name in protocol.prunable(model))
    moments = 2 if protocol.recipe.optimizer.kind == "adamw" else 1
    return state * (1 + moments * (pruning.optimizer_state == "with-weights")) + masks
