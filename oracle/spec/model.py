"""The spec: everything that determines a study's numbers, every field with its range, default and meaning."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    model_serializer,
    model_validator,
)

from oracle.spec.errors import faults
from oracle.spec.search_methods import SEARCH_METHODS
from scyc import PROFILES, InputError, Profile
from scyc.optimizers import OptimizerSettings
from scyc.protocol import Protocol, Pruning
from scyc.pruning import CRITERIA
from scyc.recipe import Recipe
from scyc.workloads import load_workload


def _distinct(values: list[Any]) -> list[Any]:
    if len(set(values)) != len(values):
        raise ValueError("must not name a value twice")
    return values


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(gt=0, lt=1)]


EXTENSIBLE = frozenset({"levels", "seeds", "search", "keep"})
"""Fields of the spec that a trial's numbers do not depend on."""


AUTO = "auto"
"""Of the engine: the study's driver chooses it when the study is made."""

SAME_NUMBERS = frozenset({AUTO, "eager"})
"""Engines that do not enter a spec's hash: a study of a version that knew none has the reference's numbers."""

if TYPE_CHECKING:
    CriterionName = str
    MethodName = str
else:  # a spec may say what is in the registries
    CriterionName = Literal[*CRITERIA]
    MethodName = Literal[*SEARCH_METHODS]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PruningSpec(_Section):
    """[pruning]: how the network is pruned from one level to the next."""

    criterion: CriterionName = Field(default="magnitude", description="score that ranks the weights")
    scope: Literal["global", "layer"] = Field(
        default="global", description="rank all weights together, or layer by layer"
    )
    rate: Fraction = Field(
        default=0.2, description="fraction of the remaining weights pruned per level, between 0 and 1"
    )
    rewind: Literal["weights", "learning-rate", "reinit"] = Field(
        default="weights", description="what the next level starts from: early weights, the trained ones, or new ones"
    )
    rewind_step: int = Field(
        default=0, ge=0, description='step of dense training that rewind = "weights" goes back to, >= 0'
    )
    statistics: Literal["with-weights", "trained"] = Field(
        default="with-weights",
        description="BatchNorm's running statistics after a rewind: the weights' own, or the trained ones",
    )
    optimizer_state: Literal["fresh", "with-weights"] = Field(
        default="fresh",
        description="what a level's optimizer remembers: nothing, or what it did where the weights come from",
    )
    batch_norm: bool = Field(default=False, description="prune BatchNorm's scales too")

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        try:
            self.build()
        except InputError as error:
            raise ValueError(str(error).rstrip(".")) from error
        return self

    def build(self) -> Pruning:
        """Return how the network is pruned."""
        return Pruning(**self.model_dump())


class ProfileSpec(BaseModel):
    """[profile]: the learning rate within a level; the other fields are those of the profile's kind."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    kind: Literal[
        "constant", "step", "warmup-step", "linear", "cosine", "triangular", "one-cycle", "scaled-restart"
    ] = Field(default="warmup-step", description="shape of the learning rate within a level")

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        """Check the fields against the kind's own, and write its defaults down: the stored spec says it all."""
        kind = given.get("kind", "warmup-step") if isinstance(given, dict) else None
        if not isinstance(kind, str) or kind not in PROFILES:
            return given
        types, values = get_type_hints(PROFILES[kind]), {}
        for name, value in given.items():
            if name == "kind":
                continue
            if name not in types:
                raise ValueError(f"{name} is not a field of {kind}, which has {' and '.join(types) or 'none'}")
            try:
                plain = tuple(value) if isinstance(value, list) else value
                values[name] = TypeAdapter(types[name]).validate_python(plain, strict=True)
            except ValidationError as error:
                raise ValueError(faults(error, name)) from error
        filled = dataclasses.asdict(PROFILES[kind](**values))  # type: ignore[call-overload]
        return {"kind": kind} | {name: list(v) if isinstance(v, tuple) else v for name, v in filled.items()}

    def chosen(self) -> dict[str, Any]:
        """Return the kind and those fields that differ from its defaults."""
        usual = ProfileSpec.model_validate({"kind": self.kind}).model_extra or {}
        return {"kind": self.kind} | {n: v for n, v in (self.model_extra or {}).items() if v != usual[n]}

    def build(self) -> Profile:
        """Return the profile."""
        fields = self.model_extra or {}
        return PROFILES[self.kind](**{n: tuple(v) if isinstance(v, list) else v for n, v in fields.items()})


class OptimizerSpec(_Section):
    """[optimizer]: what applies the gradients."""

    kind: Literal["sgd", "adamw"] = Field(default="sgd", description="the optimizer")
    momentum: float = Field(
        default=0.9, ge=0, lt=1, description="momentum, adamw's first beta, from 0 up to, not including, 1"
    )
    weight_decay: float = Field(
        default=5e-4, ge=0, allow_inf_nan=False, description="L2 penalty, decoupled with adamw, >= 0"
    )
    nesterov: bool = Field(default=False, description="Nesterov momentum of sgd")
    beta2: float = Field(default=0.999, ge=0, lt=1, description="adamw's second beta, from 0 up to, not including, 1")

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")
        if self.nesterov and self.kind == "adamw":
            raise ValueError("adamw has no Nesterov momentum; leave nesterov out")
        return self


class MaxLrSpec(_Section):
    """[search.max_lr]: where to look, either `values` or a range."""

    low: Positive = Field(default=0.02, description="smallest candidate, > 0")
    high: Positive = Field(default=1.0, description="largest candidate, > low")
    count: int = Field(
        default=12, ge=1, description="number of candidates, >= 1; the budget per level of other methods"
    )
    scale: Literal["log", "linear"] = Field(default="log", description="spacing of the candidates")
    values: Annotated[list[Positive], Field(min_length=1), AfterValidator(_distinct)] | None = Field(
        default=None, description="the candidates one by one, instead of low, high and count"
    )

    @model_validator(mode="after")
    def _either_way(self) -> Self:
        if self.values is not None and self.model_fields_set & {"low", "high", "count"}:
            raise ValueError("give either values, or low, high and count, not both")
        if self.values is None and self.low > self.high:
            raise ValueError(f"low ({self.low}) must not be above high ({self.high})")
        if self.values is None and (self.low == self.high) != (self.count == 1):
            raise ValueError("one candidate needs low equal to high, and more than one needs low below high")
        return self

    @model_serializer(mode="wrap")
    def _one_way(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write down the way that was chosen, so that a stored spec can be read again."""
        unused = ("values",) if self.values is None else ("low", "high", "count")
        return {name: value for name, value in dump(self).items() if name not in unused}

    @property
    def budget(self) -> int:
        """Number of candidates per level, before any widening."""
        return self.count if self.values is None else len(self.values)

    def grid(self) -> list[float]:
        """Return the candidates in ascending order, rounded to four significant digits unless given one by one."""
        if self.values is not None:
            return sorted(self.values)
        if self.count == 1:
            return [self.low]
        steps = [index / (self.count - 1) for index in range(self.count)]
        if self.scale == "log":
            spaced = [math.exp(math.log(self.low) * (1 - t) + math.log(self.high) * t) for t in steps]
        else:
            spaced = [self.low * (1 - t) + self.high * t for t in steps]
        return sorted({float(f"{value:.4g}") for value in spaced})


class SearchSpec(_Section):
    """[search]: how max_lr is searched at each level."""

    method: MethodName = Field(
        default="grid", description="who proposes candidates: the grid, or one of Optuna's samplers"
    )
    max_lr: MaxLrSpec = Field(default_factory=MaxLrSpec)
    widen: int = Field(
        default=4, ge=0, description="how often a grid whose winner is on its edge is widened by one candidate, >= 0"
    )
    batch: int = Field(
        default=4,
        ge=1,
        description="candidates that a sampler proposes at a time, >= 1, whatever the number of workers",
    )

    @model_validator(mode="after")
    def _samplers_need_a_range(self) -> Self:
        if SEARCH_METHODS[self.method].needs_range and (
            self.max_lr.values is not None or self.max_lr.low == self.max_lr.high
        ):
            raise ValueError(f'method = "{self.method}" needs max_lr.low below max_lr.high, not values')
        return self


class ResourcesSpec(_Section):
    """[resources]: what one trial gets."""

    cpus_per_trial: int = Field(default=1, ge=1, description="CPU cores, and threads, of one trial, >= 1")
    gpus_per_trial: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="share of a GPU for one trial: 0 (train on the CPU), 0.25, 1, ...",
    )


class Spec(_Section):
    """A study's spec. Every field has a default; the defaults are the embedded example."""

    workload: str = Field(
        default="mnist1d/mlp-300-100",
        min_length=1,
        description='"data/network", "npz:", "folder:" or "stream:PATH/network", or "my_package.module:workload"',
    )
    levels: int = Field(default=13, ge=1, le=200, description="pruning levels, the dense one included, 1 to 200")
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**31)]], Field(min_length=1), AfterValidator(_distinct)] = (
        Field(default=[0, 1, 2], description="each candidate is trained once per seed; integers >= 0")
    )
    epochs: int = Field(default=10, ge=1, description="epochs per level, >= 1")
    batch_size: int = Field(default=64, ge=1, description="examples per step, >= 1")
    pruning: PruningSpec = Field(default_factory=PruningSpec)
    precision: Literal["fp32", "bf16"] = Field(
        default="fp32",
        description="of the forward and backward pass; bf16 by autocast, with weights in single precision",
    )
    engine: Literal["auto", "eager", "channels-last", "graphs", "stacked"] = Field(
        default="auto",
        description="how training steps are taken: auto times the engines when the study is made, and keeps one",
    )
    profile: ProfileSpec = Field(default_factory=lambda: ProfileSpec.model_validate({}))
    optimizer: OptimizerSpec = Field(default_factory=OptimizerSpec)
    keep: Literal["winners", "all"] = Field(
        default="winners",
        description="whose weights outlast the decision of their level: the winners', or every trial's",
    )
    search: SearchSpec = Field(default_factory=SearchSpec)
    resources: ResourcesSpec = Field(default_factory=ResourcesSpec)

    def protocol(self) -> Protocol:
        """Return what the trials share: workload, recipe and pruning.

        Raises:
            InputError: when the workload cannot be found or imported.
        """
        optimizer = OptimizerSettings(**self.optimizer.model_dump())
        recipe = Recipe(self.epochs, self.batch_size, self.profile.build(), optimizer, self.precision)
        return Protocol(load_workload(self.workload), recipe, self.pruning.build())

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain JSON values, every default written out."""
        return self.model_dump(mode="json")

    @property
    def hash(self) -> str:
        """Content hash of the spec, the same for the same values however they were written.

        Fields that have their default do not enter, so that a later version's new field leaves old hashes as they are.
        """
        return self._hash()

    @property
    def trial_hash(self) -> str:
        """Content hash of what determines the numbers of one trial, given its level, seed, max_lr and parent.

        A study may ask for more levels, seeds or candidates later, and keep more weights; its trials still count.
        """
        return self._hash(without=EXTENSIBLE)

    def _hash(self, without: frozenset[str] = frozenset()) -> str:
        values = self.model_dump(mode="json", exclude=set(without), exclude_defaults=True)
        if values.get("engine") in SAME_NUMBERS:
            del values["engine"]
        if "profile" in values:
            values["profile"] = self.profile.chosen()
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
