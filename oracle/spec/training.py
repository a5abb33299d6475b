"""The sections of the spec on how a trial is trained: [pruning], [profile], [optimizer]."""

from __future__ import annotations

import dataclasses
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
from oracle.spec.section import Fraction, Section, distinct
from scyc import PROFILES, InputError, Profile
from scyc.protocol import Pruning
from scyc.pruning import CRITERIA

if TYPE_CHECKING:
    CriterionName = str
else:  # a spec may name what is in the registry
    CriterionName = Literal[*CRITERIA]


class PruningSpec(Section):
    """[pruning]: how the network is pruned from one level to the next."""

    criterion: CriterionName = Field(
        default="magnitude", description="how weights are scored; those with the lowest scores are pruned"
    )
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
        default=0, ge=0, description='training step of the dense network that rewind = "weights" goes back to, >= 0'
    )
    statistics: Literal["with-weights", "trained"] = Field(
        default="with-weights",
        description="BatchNorm's running statistics after a rewind: those stored with the weights, or the trained ones",
    )
    optimizer_state: Literal["fresh", "with-weights"] = Field(
        default="fresh",
        description="the optimizer's state when a level begins: new, or the one stored with the weights",
    )
    batch_norm: bool = Field(default=False, description="also prune BatchNorm's scales")
    parameters: Annotated[list[str], Field(min_length=1), AfterValidator(distinct)] | None = Field(
        default=None,
        description=(
            'names of the parameters to prune, with * for any text: ["encoder.*.weight", "out.weight"]; default: the '
            "weights of linear, convolutional, recurrent and attention layers"
        ),
    )

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        try:
            self.build()
        except InputError as error:
            raise ValueError(str(error).rstrip(".")) from error
        return self

    def build(self) -> Pruning:
        """Return how the network is pruned."""
        return Pruning(**self.model_dump(exclude={"parameters"}), parameters=tuple(self.parameters or ()))

    @model_serializer(mode="wrap")
    def _named(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the names of parameters unless there are some, as a version before them did."""
        return {name: value for name, value in dump(self).items() if value is not None}


class ProfileSpec(BaseModel):
    """[profile]: the learning rate within a level. The other fields depend on the kind of profile."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    kind: Literal[
        "constant", "step", "warmup-step", "linear", "cosine", "triangular", "one-cycle", "scaled-restart"
    ] = Field(default="warmup-step", description="shape of the learning rate within a level")

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        """Check the fields against those of the kind, and write out its defaults, so that a stored spec is complete."""
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


class OptimizerSpec(Section):
    """[optimizer]: what applies the gradients."""

    kind: Literal["sgd", "adamw"] = Field(default="sgd", description="the optimizer")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="momentum of sgd, first beta of adamw, >= 0 and < 1")
    weight_decay: float = Field(
        default=5e-4,
        ge=0,
        allow_inf_nan=False,
        description="weight decay, >= 0: an L2 penalty with sgd, decoupled with adamw",
    )
    nesterov: bool = Field(default=False, description="use Nesterov momentum, only with sgd")
    beta2: float = Field(default=0.999, ge=0, lt=1, description="second beta of adamw, >= 0 and < 1")

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov needs a momentum above 0")
        if self.nesterov and self.kind == "adamw":
            raise ValueError("adamw has no Nesterov momentum; leave nesterov out")
        return self
