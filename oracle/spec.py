"""The spec: everything that determines a study's numbers, validated before any work starts."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import tomllib
from pathlib import Path
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

from oracle.faults import faults
from scyc import PROFILES, InputError, Profile
from scyc.training import OptimizerSettings, Recipe
from scyc.trial import Protocol, Pruning
from scyc.workloads import load_workload

if TYPE_CHECKING:
    from collections.abc import Iterable


def _distinct(values: list[Any]) -> list[Any]:
    if len(set(values)) != len(values):
        raise ValueError("must not name a value twice")
    return values


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(gt=0, lt=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PruningSpec(_Section):
    """[pruning]: how the network is pruned from one level to the next."""

    criterion: Literal["magnitude"] = Field("magnitude", description="score that ranks the weights")
    scope: Literal["global", "layer"] = Field("global", description="rank all weights together, or layer by layer")
    rate: Fraction = Field(0.2, description="fraction of the remaining weights pruned per level, between 0 and 1")
    rewind: Literal["weights", "learning-rate", "reinit"] = Field(
        "weights", description="what the next level starts from: early weights, the trained ones, or new ones"
    )
    rewind_step: int = Field(0, ge=0, description='step of dense training that rewind = "weights" goes back to, >= 0')


class ProfileSpec(BaseModel):
    """[profile]: the learning rate within a level; the other fields are those of the profile's kind."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    kind: Literal["constant", "step", "warmup-step", "linear", "cosine", "triangular", "one-cycle"] = Field(
        "warmup-step", description="shape of the learning rate within a level"
    )

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

    def build(self) -> Profile:
        """Return the profile."""
        fields = self.model_extra or {}
        return PROFILES[self.kind](**{n: tuple(v) if isinstance(v, list) else v for n, v in fields.items()})


class OptimizerSpec(_Section):
    """[optimizer]: what applies the gradients."""

    kind: Literal["sgd"] = Field("sgd", description="the optimizer")
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum, from 0 up to, not including, 1")
    weight_decay: float = Field(5e-4, ge=0, allow_inf_nan=False, description="L2 penalty, >= 0")
    nesterov: bool = Field(False, description="Nesterov momentum")

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")
        return self


class MaxLrSpec(_Section):
    """[search.max_lr]: where to look, either `values` or a range."""

    low: Positive = Field(0.02, description="smallest candidate, > 0")
    high: Positive = Field(1.0, description="largest candidate, > low")
    count: int = Field(12, ge=1, description="number of candidates, >= 1; the budget per level of other methods")
    scale: Literal["log", "linear"] = Field("log", description="spacing of the candidates")
    values: Annotated[list[Positive], Field(min_length=1), AfterValidator(_distinct)] | None = Field(
        None, description="the candidates one by one, instead of low, high and count"
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

    method: Literal["grid", "tpe", "gp", "cmaes", "qmc", "random"] = Field(
        "grid", description="who proposes candidates: the grid, or one of Optuna's samplers"
    )
    max_lr: MaxLrSpec = Field(default_factory=MaxLrSpec)
    widen: int = Field(
        4, ge=0, description="how often a grid whose winner is on its edge is widened by one candidate, >= 0"
    )
    batch: int = Field(
        4, ge=1, description="candidates that a sampler proposes at a time, >= 1, whatever the number of workers"
    )

    @model_validator(mode="after")
    def _samplers_need_a_range(self) -> Self:
        if self.method != "grid" and (self.max_lr.values is not None or self.max_lr.low == self.max_lr.high):
            raise ValueError(f'method = "{self.method}" needs max_lr.low below max_lr.high, not values')
        return self


class ResourcesSpec(_Section):
    """[resources]: what one trial gets."""

    cpus_per_trial: int = Field(1, ge=1, description="CPU cores, and threads, of one trial, >= 1")
    gpus_per_trial: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="share of a GPU for one trial: 0 (train on the CPU), 0.25, 1, ..."
    )


class Spec(_Section):
    """A study's spec. Every field has a default; the defaults are the embedded example."""

    workload: str = Field(
        "mnist1d/mlp-300-100", min_length=1, description='model and data, by name or as "my_package.module:workload"'
    )
    levels: int = Field(13, ge=1, le=200, description="pruning levels, the dense one included, 1 to 200")
    seeds: Annotated[list[Annotated[int, Field(ge=0, lt=2**31)]], Field(min_length=1), AfterValidator(_distinct)] = (
        Field([0, 1, 2], description="each candidate is trained once per seed; integers >= 0")
    )
    epochs: int = Field(10, ge=1, description="epochs per level, >= 1")
    batch_size: int = Field(64, ge=1, description="examples per step, >= 1")
    pruning: PruningSpec = Field(default_factory=PruningSpec)
    profile: ProfileSpec = Field(default_factory=lambda: ProfileSpec.model_validate({}))
    optimizer: OptimizerSpec = Field(default_factory=OptimizerSpec)
    search: SearchSpec = Field(default_factory=SearchSpec)
    resources: ResourcesSpec = Field(default_factory=ResourcesSpec)

    def protocol(self) -> Protocol:
        """Return what the trials share: workload, recipe and pruning.

        Raises:
            InputError: when the workload cannot be found or imported.
        """
        optimizer = OptimizerSettings(**self.optimizer.model_dump())
        recipe = Recipe(self.epochs, self.batch_size, self.profile.build(), optimizer)
        pruning = Pruning(self.pruning.rate, self.pruning.scope, self.pruning.rewind, self.pruning.rewind_step)
        return Protocol(load_workload(self.workload), recipe, pruning)

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain JSON values, every default written out."""
        return self.model_dump(mode="json")

    @property
    def hash(self) -> str:
        """Content hash of the spec, the same for the same values however they were written."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()


def load_spec(path: Path | None = None, overrides: Iterable[str] = ()) -> Spec:
    """Return the spec in a TOML file (the embedded default without one), with `key=value` overrides applied.

    Args:
        path: TOML file.
        overrides: like `search.max_lr.count=6`; a value is TOML, or a plain string where it is not.

    Raises:
        InputError: one sentence on everything that is wrong with it.
    """
    given: dict[str, Any] = {}
    if path is not None:
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"The spec {path} cannot be read: {error.strerror or error}.") from error
        except UnicodeDecodeError as error:
            raise InputError(f"The spec {path} cannot be read: it is not UTF-8 text.") from error
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"The spec {path} is not TOML: {error}.") from error
    for override in overrides:
        _apply(given, override)
    return parse_spec(given, "the defaults with --set" if path is None else str(path))


def parse_spec(given: dict[str, Any], origin: str) -> Spec:
    """Return the spec that plain values describe.

    Raises:
        InputError: one sentence, naming `origin`, on everything that is wrong with them.
    """
    try:
        return Spec.model_validate(given)
    except ValidationError as error:
        raise InputError(f"The spec ({origin}) is not valid: {faults(error)}.") from error


def spec_template() -> str:
    """Return the embedded default as TOML, every field with its meaning and range as a comment."""
    return "\n".join(_template_lines(Spec(), "")) + "\n"


def _template_lines(section: BaseModel, prefix: str) -> Iterable[str]:
    tables = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            tables.append((f"{prefix}{name}", value))
        elif value is None:
            yield f"# {name} = []  # {field.description}"
        else:
            yield f"{name} = {json.dumps(value)}  # {field.description}"
    for name, value in (section.model_extra or {}).items():
        yield f"{name} = {json.dumps(value)}"
    for table, value in tables:
        yield f"\n[{table}]"
        yield from _template_lines(value, f"{table}.")


def _apply(given: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    path = [part.strip() for part in key.split(".")]
    if not equals or not all(path):
        raise InputError(f"--set takes key=value, for example --set search.max_lr.count=6, but it is {override!r}.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    for part in path[:-1]:
        given = given.setdefault(part, {})
        if not isinstance(given, dict):
            raise InputError(f"--set {override} reaches into {part!r}, which is a value, not a section.")
    given[path[-1]] = value
