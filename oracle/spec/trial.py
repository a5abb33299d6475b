"""The section of the spec on trainings of the user's own, [trial]; and which other fields these do without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from oracle.spec.section import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN = "own"
"""The engine of a study whose trials are trainings of the user's own."""

OURS = ("epochs", "batch_size", "precision", "optimizer", "answers")
"""Fields that only the program's own training loop reads."""


class TrialSpec(Section):
    """[trial]: a training of your own."""

    command: str | None = Field(
        default=None,
        min_length=1,
        description='command that trains one trial, in any language: "torchrun --nproc-per-node=2 train.py"',
    )
    unit: str = Field(
        default="epochs",
        min_length=1,
        max_length=40,
        description="what the cost of your own training is counted in: epochs, steps, tokens, or any other word",
    )
    budget: int | None = Field(
        default=None, ge=1, lt=2**62, description="how many units one trial of your own takes, >= 1"
    )

    @model_serializer(mode="wrap")
    def _given(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what is not given: TOML has no word for it."""
        return {name: value for name, value in dump(self).items() if value is not None}


def counted(number: float, unit: str) -> str:
    """Return a number of units in words, such as "1 epoch" or "6 epochs"."""
    word = unit.removesuffix("s") if number == 1 else unit
    return f"{number:,.15g} {word}"


def given_in_vain(values: Mapping[str, Any], usual: Mapping[str, Any], *, command: bool) -> list[str]:
    """Return the fields of a spec that a training of the user's own does not read, where they are not at their default.

    Args:
        values: of the spec.
        usual: the defaults.
        command: whether it is a command, which has no workload either.
    """
    found = [name for name in (*OURS, *["workload"] * command) if values[name] != usual[name]]
    pruning, defaults = values["pruning"], usual["pruning"]
    found += [f"pruning.{name}" for name in pruning if name != "rate" and pruning[name] != defaults.get(name)]
    return found + ["engine"] * (values["engine"] not in (OWN, usual["engine"]))
