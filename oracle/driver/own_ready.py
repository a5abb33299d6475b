"""Checks before the trainings of the user's own start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.driver.ready import Ready
from oracle.execution.places import gpus_here
from oracle.spec.trial import TrialSpec
from oracle.trials.command import check_command, words
from scyc import InputError
from scyc.own_objects import find_training
from scyc.workloads import is_own

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oracle.spec.model import Spec
    from scyc import Policy
    from studies import Artifacts


def has_own_training(spec: Spec) -> bool:
    """Return whether a study's trials are trainings of the user's own; a function is imported to find out.

    Raises:
        InputError: it cannot be imported; or the spec says something of a training where there is none.
    """
    if spec.trial.command is not None:
        return True
    if is_own(spec.workload) and find_training(spec.workload) is not None:
        return True
    if spec.own_training or spec.trial != TrialSpec():
        said = 'engine = "own"' if spec.own_training else "[trial]"
        raise InputError(
            f"The workload {spec.workload!r} is no training of your own, so {said} means nothing to it; leave it out, "
            'or give a function of one trial, "my_package.my_module:train", or a command.'
        )
    return False


def check_own_ready(spec: Spec, artifacts: Artifacts, policies: Iterable[Policy] = (), *, here: bool = True) -> Ready:
    """Check what can be known of trainings of the user's own before they run.

    Args:
        spec: spec of the study.
        artifacts: where what they leave will go.
        policies: what runs of schedules will train with.
        here: whether trials train on this machine; if so, its GPU and the command's program are looked for.

    Raises:
        InputError: the spec says what such a training does not read, this machine lacks what it needs, or a policy
            needs this program's own loop.
        StudyError: the artifact store cannot be written to.
    """
    spec.check_own()
    if here and spec.resources.gpus_per_trial > (there := gpus_here()):
        raise InputError(
            f"resources.gpus_per_trial is {spec.resources.gpus_per_trial:g}, but this machine has {there} "
            f"GPU{'s' * (there != 1)}; lower it, or train on a Ray cluster that has machines with so many."
        )
    if spec.trial.command is not None:
        if here:
            check_command(spec.trial.command)
        words(spec.trial.command)
    for policy in policies:
        _check_policy(policy)
    artifacts.check_writable()
    return Ready("")


def _check_policy(policy: Policy) -> None:
    lacking = None
    if policy.needs is not None:
        lacking = "measures the network when a level begins"
    elif policy.rewind is not None:
        lacking = f"rewinds the network in its own way ({policy.rewind})"
    if lacking:
        raise InputError(
            f"The schedule {policy.schedule} {lacking}, which only this program's own training loop can do; choose "
            "another schedule for a study of your own trainings."
        )
