"""The spec: everything that determines a study's numbers, every field with its range, default and meaning."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from oracle.spec.metric import ACCURACY, MetricSpec
from oracle.spec.search import RACING, SearchSpec
from oracle.spec.section import Section, distinct
from oracle.spec.training import OptimizerSpec, ProfileSpec, PruningSpec
from oracle.spec.trial import OURS, OWN, TrialSpec, given_in_vain
from scyc import InputError
from scyc.optimizers import OptimizerSettings
from scyc.protocol import Protocol
from scyc.training.recipe import Recipe
from scyc.workloads import load_workload

EXTENSIBLE = frozenset({"levels", "seeds", "search", "keep", "answers"})
"""Fields of the spec that do not affect a trial's numbers."""

FIRST_DEFAULTS = {"workload": "mnist1d/mlp-300-100"}
"""The fields whose default was once another: the first one is left out of a hash, as it was then, not today's."""

SMALL_SPLIT = 20_000
"""How many examples a split has at most whose answers are recorded by default."""

LATER = frozenset({"answers", "metric", "trial"})
"""Fields that an earlier version does not know: they are written only if they differ from their default."""

AUTO = "auto"
"""The engine by default: the driver chooses one when it creates the study."""

SAME_NUMBERS = frozenset({AUTO, "eager"})
"""Engines that are left out of a spec's hash: studies of a version without engines have the reference's numbers."""


class ResourcesSpec(Section):
    """[resources]: what one trial gets."""

    cpus_per_trial: int = Field(default=1, ge=1, description="CPU cores and threads of one trial, >= 1")
    gpus_per_trial: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="GPUs of one trial: 0 trains on the CPU, 0.25 on a quarter of a GPU, 1 on a whole one",
    )

    @model_validator(mode="after")
    def _whole_gpus(self) -> Self:
        if self.gpus_per_trial > 1 and self.gpus_per_trial % 1:
            raise ValueError(
                f"gpus_per_trial is {self.gpus_per_trial:g}, but more than one GPU can only be given whole"
            )
        return self


class Spec(Section):
    """A study's spec. Every field has a default; together the defaults are the embedded example."""

    workload: str = Field(
        default="mnist1d-8k/mlp-300-100",
        min_length=1,
        description=(
            'what to train: "data/network"; your own data as "npz:PATH/network", "folder:PATH/network" or '
            '"stream:PATH/network"; or your own code, "my_package.module:name", a workload or a training'
        ),
    )
    levels: int = Field(default=13, ge=1, le=200, description="number of levels, including the dense one, 1 to 200")
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**31)]], Field(min_length=1), AfterValidator(distinct)] = (
        Field(default=[0, 1, 2], description="each candidate is trained once per seed; integers >= 0")
    )
    epochs: int = Field(default=10, ge=1, description="epochs per level, >= 1")
    batch_size: int = Field(default=64, ge=1, description="examples per step, >= 1")
    pruning: PruningSpec = Field(default_factory=PruningSpec)
    precision: Literal["fp32", "bf16"] = Field(
        default="fp32",
        description="number format of the forward and backward pass; bf16 uses autocast and keeps the weights in fp32",
    )
    engine: Literal["auto", "eager", "channels-last", "graphs", "stacked", "own"] = Field(
        default="auto",
        description=(
            "how training steps are computed; auto times the engines when the study is created, and keeps one; own: by "
            "a training of your own"
        ),
    )
    profile: ProfileSpec = Field(default_factory=lambda: ProfileSpec.model_validate({}))
    optimizer: OptimizerSpec = Field(default_factory=OptimizerSpec)
    keep: Literal["winners", "all"] = Field(
        default="winners",
        description="whose weights are kept once their level is decided: the winners', or all trials'",
    )
    answers: Literal["small", "all", "none"] = Field(
        default="small",
        description=(
            "on which splits it is recorded which examples each network classifies correctly: on those of at most "
            f"{SMALL_SPLIT:,} examples, on all, or on none"
        ),
    )
    metric: MetricSpec = Field(default_factory=MetricSpec)
    search: SearchSpec = Field(default_factory=SearchSpec)
    trial: TrialSpec = TrialSpec()
    resources: ResourcesSpec = Field(default_factory=ResourcesSpec)

    @model_validator(mode="after")
    def _only_what_is_read(self) -> Self:
        if self.trial.command is not None or self.engine == OWN:
            try:
                self.check_own()
            except InputError as error:
                raise ValueError(str(error).rstrip(".")) from error
        return self

    @property
    def own_training(self) -> bool:
        """Whether trials are trainings of the user's own, functions or commands; known once the study is created."""
        return self.engine == OWN or self.trial.command is not None

    @property
    def trained(self) -> str:
        """What is trained, for people: the workload, or the command."""
        return self.workload if self.trial.command is None else self.trial.command

    def check_own(self) -> None:
        """Check that the spec of a training of the user's own says nothing that such a training does not read.

        Raises:
            InputError: it does.
        """
        command = self.trial.command is not None
        if vain := given_in_vain(self.model_dump(mode="json"), Spec().model_dump(mode="json"), command=command):
            raise InputError(
                f"The study's trials are trainings of your own, which do not read {' and '.join(vain)}; leave "
                f"{'it' if len(vain) == 1 else 'them'} out, and set such things in your own code."
            )

    @property
    def length(self) -> int | None:
        """How many units one trial takes: the epochs, or the budget of the user's own training; None if not known."""
        return self.trial.budget if self.own_training else self.epochs

    def check_network_known(self) -> None:
        """Raise InputError if the trials are trainings of the user's own, whose networks this program does not know."""
        if self.own_training:
            raise InputError(
                f"The trials of this study are trainings of your own ({self.trained}): this program knows neither "
                "their networks nor their data, which this needs."
            )

    def protocol(self) -> Protocol:
        """Return what the trials share: workload, recipe and pruning.

        Raises:
            InputError: the workload cannot be found or imported, or the trials are trainings of the user's own.
        """
        self.check_network_known()
        optimizer = OptimizerSettings(**self.optimizer.model_dump())
        recipe = Recipe(self.epochs, self.batch_size, self.profile.build(), optimizer, self.precision)
        return Protocol(load_workload(self.workload), recipe, self.pruning.build())

    def records_answers(self, examples: int) -> bool:
        """Return whether a trial's answers on a split of so many examples are recorded."""
        return self.answers == "all" or (self.answers == "small" and examples <= SMALL_SPLIT)

    @property
    def trials_per_level(self) -> int:
        """About how many trials a level takes: without any widening, and for a race the mean over the levels."""
        share = self.search.budget if self.search.method == RACING else 1.0
        return math.ceil(share * self.search.max_lr.budget * len(self.seeds))

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain JSON values, every default written out but those of `LATER`.

        What a training of the user's own does not read is left out.
        """
        usual = {
            name
            for name in LATER
            if getattr(self, name) == type(self).model_fields[name].get_default(call_default_factory=True)
        }
        values = self.model_dump(mode="json", exclude=usual)
        if self.own_training:
            for name in (*OURS, *["workload"] * (self.trial.command is not None)):
                values.pop(name, None)
            values["pruning"] = {"rate": self.pruning.rate}
        return values

    @property
    def hash(self) -> str:
        """Content hash of the spec: the same for the same values, however they were written.

        Fields at their first default are left out, so that no old hash changes when a later version adds a field, or
        chooses another default.
        """
        return self._hash()

    @property
    def trial_hash(self) -> str:
        """Content hash of what determines the numbers of a trial, given its level, seed, max_lr and parent.

        A study may get more levels, seeds or candidates later, or keep more weights; its trials still count.
        """
        return self._hash(without=EXTENSIBLE)

    def _hash(self, without: frozenset[str] = frozenset()) -> str:
        values = self.model_dump(mode="json", exclude=set(without), exclude_defaults=True)
        for name, first in FIRST_DEFAULTS.items():
            values[name] = getattr(self, name)
            if values[name] == first:
                del values[name]
        if values.get("engine") in SAME_NUMBERS:
            del values["engine"]
        if without and "metric" in values:  # what it is called and which way it goes; the rest only judges
            values["metric"] = {"name": self.metric.name, "goal": self.metric.goal}
            if self.metric.name == ACCURACY.name:
                del values["metric"]
        if "profile" in values:
            values["profile"] = self.profile.chosen()
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
