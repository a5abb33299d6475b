"""Warns when a study continues on another kind of machine than it was trained on so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.driver.events import Listener
from oracle.execution.messages import Failure
from oracle.study.machines import BITS, differences, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.execution.messages import Outcome, Stopped, TrialRequest
    from oracle.study.machines import Machines
    from studies import MachineRecord


class MachineWatch(Listener):
    """Warns once of each kind of machine that is new to a study. A worker's machine is known by its first answer.

    Args:
        study: name of the study.
        machines: those on record. If none are, the first machine that is seen is what the others are compared with.
        warn: called with a sentence.
    """

    def __init__(self, study: str, machines: Machines, warn: Callable[[str], None]) -> None:
        self._study, self._warn = study, warn
        self._known = {kind_of(kind.machines[0]): kind.machines[0] for kind in machines.kinds}

    @property
    def begun(self) -> bool:
        """Whether the study has a trial whose machine is known."""
        return bool(self._known)

    def trial_ended(self, request: TrialRequest, outcome: Outcome | Failure) -> None:  # noqa: ARG002
        """See the machine that trained it."""
        if not isinstance(outcome, Failure) and outcome.machine is not None:
            self.see(outcome.machine)

    def trial_stopped(self, request: TrialRequest, stopped: Stopped) -> None:  # noqa: ARG002
        """See the machine that trained it."""
        if stopped.machine is not None:
            self.see(stopped.machine)

    def see(self, machine: MachineRecord) -> None:
        """Warn if a machine is of a kind that was not seen so far; it is compared with the most similar one."""
        kind = kind_of(machine)
        if kind in self._known:
            return
        if self._known:
            changed = min((differences(machine, known) for known in self._known.values()), key=len)
            self._warn(
                f"The study {self._study!r} continues on another kind of machine than its trials so far: "
                f"{'; '.join(changed)}. {BITS.format('the other')}"
            )
        self._known[kind] = machine
