"""The kinds of machines that a study was trained on. Machines of one kind train to the same bits, on a CPU."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from studies import MachineRecord, Store

ASPECTS = {
    "device": ("device",),
    "processor": ("vendor", "family", "model"),
    "processor's capability": ("capability",),
    "number of threads": ("threads",),
    "build of torch": ("torch", "build"),
    "environment": ("settings",),
    "GPU": ("gpu", "gpu_capability"),
    "GPU's driver": ("driver",),
    "CUDA": ("cuda",),
    "cuDNN": ("cudnn",),
}
"""What makes two machines two kinds, so that bits may differ: everything that is recorded but the processor's name.

This is on the safe side. The order of a sum depends on the width of vectors (the capability), the number of threads and
the build. MKL and oneDNN choose code by vendor, and by instructions that PyTorch's word for the capability hides; they
cut matrices by the size of caches. So family and model count, though two models often agree. Where a GPU trains, the
CPU still draws the initial weights. The name is left out: processors of one model are sold under many.
"""

BITS = "Numbers of one kind cannot be repeated to the bit on {}."


@dataclass(frozen=True)
class MachineKind:
    """Machines of one kind, most trials first, and how many trials they trained."""

    machines: tuple[MachineRecord, ...]
    trials: int

    @property
    def description(self) -> str:
        """The kind in words."""
        first = self.machines[0]
        device = f"{first.gpu}, driver {first.driver or 'unknown'}, on " if first.gpu else ""
        return (
            f"{device}{_processor(first)}, capability {first.capability}, {first.threads} "
            f"thread{'s' * (first.threads != 1)}, torch {first.torch}" + f", {first.settings}" * bool(first.settings)
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values: how many trials, the machines' hashes, and what is known of the first machine."""
        return {"trials": self.trials, "hashes": [machine.hash for machine in self.machines]} | asdict(self.machines[0])


@dataclass(frozen=True)
class Machines:
    """On which machines a study's complete and stopped trials were trained.

    Those that an extension turned into history are included.

    Attributes:
        kinds: those on record, most trials first.
        unknown: number of trials that do not say it, as an earlier version recorded them.
    """

    kinds: tuple[MachineKind, ...] = ()
    unknown: int = 0

    @classmethod
    def read(cls, store: Store, study_id: int) -> Self:
        """Return the machines of a study on record."""
        found = store.machines(study_id)
        counts = [store.counts(run.id) for run in store.runs(study_id)]
        ended = sum(count["complete"] + count["stopped"] for count in counts)
        return cls.sorted_out(found, ended - sum(found.values()))

    @classmethod
    def sorted_out(cls, machines: Mapping[MachineRecord, int], unknown: int = 0) -> Self:
        """Return machines, with their numbers of trials, by kind."""
        by_kind: dict[MachineRecord, list[MachineRecord]] = {}
        for machine in sorted(machines, key=lambda machine: -machines[machine]):
            by_kind.setdefault(kind_of(machine), []).append(machine)
        kinds = [MachineKind(tuple(alike), sum(machines[one] for one in alike)) for alike in by_kind.values()]
        return cls(tuple(sorted(kinds, key=lambda kind: -kind.trials)), unknown)

    @property
    def sentence(self) -> str:
        """What there is to know, in words; "" if no trial says on which machine it was trained."""
        if not self.kinds:
            return ""
        single = len(self.kinds) == 1
        number = "one kind" if single else f"{len(self.kinds)} kinds"
        listed = "; ".join(f"{kind.description} ({_trials(kind.trials)})" for kind in self.kinds)
        unknown = f"; {_trials(self.unknown)} without a record of their machine" if self.unknown else ""
        bits = "" if single else " " + BITS.format("the other" if len(self.kinds) == 2 else "another")
        return f"Trained on {number} of machine: {listed}{unknown}.{bits}"

    @property
    def notes(self) -> list[str]:
        """The sentence, if it qualifies the study's numbers: if there is more than one kind."""
        return [self.sentence] if len(self.kinds) > 1 else []

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"kinds": [kind.to_json() for kind in self.kinds], "unknown": self.unknown}


def kind_of(machine: MachineRecord) -> MachineRecord:
    """Return a machine without what makes no difference to its kind; two of one kind are equal then."""
    return replace(machine, processor="")


def differences(here: MachineRecord, there: MachineRecord) -> list[str]:
    """Return a phrase for each aspect in which two machines are of different kinds."""
    return [
        f"the {aspect} is {_value(here, aspect)} and was {_value(there, aspect)}"
        for aspect, names in ASPECTS.items()
        if any(getattr(here, name) != getattr(there, name) for name in names)
    ]


def _value(machine: MachineRecord, aspect: str) -> str:
    if aspect == "processor":
        return _processor(machine)
    return " ".join(str(getattr(machine, name)) for name in ASPECTS[aspect]).strip() or "none"


def _processor(machine: MachineRecord) -> str:
    numbers = f"{machine.vendor} family {machine.family} model {machine.model}" if machine.family else machine.vendor
    return f"{machine.processor} ({numbers})"


def _trials(number: int) -> str:
    return f"{number:,} trial" + "s" * (number != 1)
