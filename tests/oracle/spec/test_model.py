"""The spec: what it accepts, what it refuses and in which words, and its hash."""

from __future__ import annotations

import math
import random
import re
import tomllib
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from oracle.spec.files import load_spec, parse_spec, spec_template
from oracle.spec.model import Spec
from oracle.spec.search import MaxLrSpec
from scyc import PROFILES, Cosine, InputError, WarmupStep
from scyc.pruning import CRITERIA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLE = """
workload = "mnist1d-8k/mlp-300-100"
levels = 13
seeds = [0, 1, 2]
epochs = 10
batch_size = 64
[pruning]
criterion = "magnitude"
scope = "global"
rate = 0.2
rewind = "weights"
[profile]
kind = "warmup-step"
warmup = 0.3
drops = [0.5, 0.8]
[optimizer]
kind = "sgd"
momentum = 0.9
weight_decay = 5e-4
[search]
method = "grid"
max_lr = { low = 0.02, high = 1.0, count = 12, scale = "log" }
[resources]
cpus_per_trial = 1
gpus_per_trial = 0
"""

FIRST: dict[str, Any] = {
    "workload": "mnist1d/mlp-300-100",
    "levels": 13,
    "seeds": [0, 1, 2],
    "epochs": 10,
    "batch_size": 64,
    "pruning": {
        "criterion": "magnitude",
        "scope": "global",
        "rate": 0.2,
        "rewind": "weights",
        "rewind_step": 0,
        "statistics": "with-weights",
        "optimizer_state": "fresh",
        "batch_norm": False,
    },
    "precision": "fp32",
    "engine": "auto",
    "profile": {"kind": "warmup-step", "warmup": 0.3, "drops": [0.5, 0.8], "peak": 1.0},
    "optimizer": {"kind": "sgd", "momentum": 0.9, "weight_decay": 0.0005, "nesterov": False, "beta2": 0.999},
    "keep": "winners",
    "search": {
        "method": "grid",
        "max_lr": {"low": 0.02, "high": 1.0, "count": 12, "scale": "log"},
        "widen": 4,
        "batch": 4,
    },
    "resources": {"cpus_per_trial": 1, "gpus_per_trial": 0.0},
}
"""Every field at its first default; where a default has changed since, an older study has this one."""

NAN, INF = math.nan, math.inf


def max_lr(**fields: Any) -> dict[str, Any]:
    return {"search": {"max_lr": fields}}


def fields_of(section: type[BaseModel]) -> Iterator[tuple[str, str | None]]:
    """Every field of a section and of those below it, with its description."""
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from fields_of(kind)
        else:
            yield name, field.description


class TestDefaults:
    def test_are_the_embedded_example(self) -> None:
        assert parse_spec(tomllib.loads(EXAMPLE), "example") == Spec()

    def test_search_twelve_candidates_at_thirteen_levels(self) -> None:
        grid = Spec().search.max_lr.grid()
        assert len(grid) == 12
        assert (grid[0], grid[-1]) == (0.02, 1.0)

    def test_train_as_documented(self) -> None:
        protocol = Spec().protocol()
        assert protocol.workload.name == "mnist1d-8k/mlp-300-100"
        assert (protocol.recipe.epochs, protocol.recipe.batch_size) == (10, 64)
        assert protocol.recipe.profile == WarmupStep(warmup=0.3, drops=(0.5, 0.8))
        assert (protocol.recipe.optimizer.momentum, protocol.recipe.optimizer.weight_decay) == (0.9, 5e-4)
        assert (protocol.pruning.rate, protocol.pruning.scope, protocol.pruning.rewind) == (0.2, "global", "weights")

    def test_are_used_without_a_file(self) -> None:
        assert load_spec() == Spec()


class TestGrid:
    def test_is_spaced_by_a_ratio_on_a_log_scale(self) -> None:
        assert MaxLrSpec(low=0.01, high=10.0, count=4).grid() == [0.01, 0.1, 1.0, 10.0]

    def test_is_spaced_by_a_difference_on_a_linear_scale(self) -> None:
        assert MaxLrSpec(low=0.1, high=0.5, count=5, scale="linear").grid() == [0.1, 0.2, 0.3, 0.4, 0.5]

    def test_is_what_was_given_one_by_one_in_ascending_order(self) -> None:
        space = MaxLrSpec(values=[0.3, 0.123456789, 1])
        assert space.grid() == [0.123456789, 0.3, 1.0]
        assert space.budget == 3

    def test_can_be_a_single_candidate(self) -> None:
        assert MaxLrSpec(low=0.1, high=0.1, count=1).grid() == [0.1]


class TestLoading:
    def test_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "spec.toml"
        path.write_text(EXAMPLE.replace("levels = 13", "levels = 7"))
        assert load_spec(path).levels == 7

    def test_an_override_beats_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "spec.toml"
        path.write_text(EXAMPLE)
        spec = load_spec(path, ["levels=3", "search.max_lr.count=6"])
        assert (spec.levels, spec.search.max_lr.count, spec.search.max_lr.low) == (3, 6, 0.02)

    @pytest.mark.parametrize(
        ("override", "expected"),
        [
            ("levels=3", {"levels": 3}),
            (" levels = 3 ", {"levels": 3}),
            ("seeds=[4, 5]", {"seeds": [4, 5]}),
            ("pruning.rate=0.5", {"pruning": {"rate": 0.5}}),
            ("optimizer.nesterov=true", {"optimizer": {"nesterov": True}}),
            ('pruning.rewind="reinit"', {"pruning": {"rewind": "reinit"}}),
            ("pruning.rewind=learning-rate", {"pruning": {"rewind": "learning-rate"}}),
            ("workload=digits/mlp-300-100", {"workload": "digits/mlp-300-100"}),
            ("workload=my_package.module:workload", {"workload": "my_package.module:workload"}),
            ("search.max_lr.count=6", max_lr(count=6)),
            ("search.max_lr={low=0.1, high=0.4, count=3}", max_lr(low=0.1, high=0.4, count=3)),
            ("search.max_lr.values=[0.1, 0.2]", max_lr(values=[0.1, 0.2])),
        ],
    )
    def test_an_override_is_toml_or_a_plain_string(self, override: str, expected: dict[str, Any]) -> None:
        spec = load_spec(None, [override])
        assert spec == parse_spec(expected, "expected")
        assert spec != Spec()

    def test_a_profile_brings_its_own_fields(self) -> None:
        spec = load_spec(None, ["profile.kind=cosine", "profile.warmup=0.1"])
        assert spec.profile.build() == Cosine(warmup=0.1, final=0.0)
        assert spec.to_dict()["profile"] == {"kind": "cosine", "warmup": 0.1, "final": 0.0}


@pytest.mark.parametrize(
    "given",
    [
        {},
        max_lr(values=[0.3, 0.1]),
        max_lr(low=0.5, high=0.5, count=1),
        {"profile": {"kind": "constant"}},
        {"profile": {"kind": "one-cycle", "div": 10}},
        {"pruning": {"parameters": ["rnn.weight_*", "out.weight"]}},
        {"answers": "none"},
        {"search": {"method": "gp", "batch": 2}, "pruning": {"rate": 0.5, "scope": "layer", "rewind_step": 7}},
    ],
)
class TestStoring:
    def test_a_stored_spec_can_be_read_again(self, given: dict[str, Any]) -> None:
        spec = parse_spec(given, "given")
        again = parse_spec(spec.to_dict(), "stored")
        assert again == spec
        assert again.hash == spec.hash
        assert again.to_dict() == spec.to_dict()

    def test_the_order_of_the_keys_is_not_part_of_the_hash(self, given: dict[str, Any]) -> None:
        def shuffled(values: dict[str, Any]) -> dict[str, Any]:
            names = list(values)
            random.Random(0).shuffle(names)
            return {n: shuffled(values[n]) if isinstance(values[n], dict) else values[n] for n in reversed(names)}

        spec = parse_spec(given, "given")
        assert parse_spec(shuffled(spec.to_dict()), "shuffled").hash == spec.hash

    def test_defaults_may_be_written_out_or_not(self, given: dict[str, Any]) -> None:
        spec = parse_spec(given, "given")
        assert parse_spec({"levels": 13, "epochs": 10, "optimizer": {}, **given}, "longer").hash == spec.hash


class TestHash:
    @pytest.mark.parametrize(
        ("whole", "decimal"),
        [
            ({"optimizer": {"momentum": 0}}, {"optimizer": {"momentum": 0.0}}),
            ({"profile": {"warmup": 0}}, {"profile": {"warmup": 0.0}}),
            (max_lr(values=[1, 2]), max_lr(values=[1.0, 2.0])),
        ],
    )
    def test_is_the_same_for_a_whole_number_with_or_without_a_point(
        self, whole: dict[str, Any], decimal: dict[str, Any]
    ) -> None:
        assert parse_spec(whole, "whole").hash == parse_spec(decimal, "decimal").hash

    @pytest.mark.parametrize(
        "override",
        [
            "levels=12",
            "seeds=[0, 1]",
            "profile.warmup=0.2",
            "optimizer.nesterov=true",
            "search.max_lr.scale=linear",
            "pruning.parameters=['*.weight']",
        ],
    )
    def test_tells_specs_apart(self, override: str) -> None:
        assert load_spec(None, [override]).hash != Spec().hash

    def test_what_is_recorded_of_a_trial_does_not_determine_its_numbers(self) -> None:
        spec = load_spec(None, ["answers=all"])
        assert spec.hash != Spec().hash
        assert spec.trial_hash == Spec().trial_hash
        assert spec.to_dict() == Spec().to_dict() | {"answers": "all"}

    def test_leaves_out_what_were_the_first_defaults_not_what_todays_are(self) -> None:
        assert parse_spec(FIRST, "first").hash == sha256(b"{}").hexdigest()
        assert parse_spec(FIRST, "first").trial_hash == sha256(b"{}").hexdigest()
        assert load_spec(None, ["workload=mnist1d/mlp-300-100"]).hash == sha256(b"{}").hexdigest()
        for spec in (Spec(), load_spec(None, ["workload=mnist1d-8k/mlp-300-100"])):
            assert spec.hash == sha256(b'{"workload": "mnist1d-8k/mlp-300-100"}').hexdigest()

    @pytest.mark.parametrize(
        ("overrides", "hash_", "trial_hash"),
        [
            (
                ["levels=3", "epochs=2"],
                "54d0bf4ba85d15303c17e0b20be89ed0dcac9740822a3f82846c99879ed60172",
                "63b46a191e7a49a36ab717b0a7f4db95f4229947de516e86e281368b2500d79e",
            ),
            (
                ["engine=eager", "seeds=[0]"],
                "1127f1e11d6c916c535700e92e103c1f523846119dd583f503c6c03c0d36d1fa",
                "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            ),
            (
                ["engine=stacked", "precision=bf16"],
                "2ad521db6b5a962d9d17970aae54c327f8b1e67282c498c2aed4fc9b70da9906",
                "2ad521db6b5a962d9d17970aae54c327f8b1e67282c498c2aed4fc9b70da9906",
            ),
            (
                ["profile.kind=cosine", "search.method=tpe"],
                "1caea3e61050ff490b8b9b765ac1b1fe82842bda71afc9f36177005db19f3a0b",
                "a5a79bd4714594db31930f27a60baaa63cc4ecfadd70e590ca8f718af1c41361",
            ),
            (
                ["pruning.rate=0.5", "search.max_lr.count=3", "keep=all"],
                "a12263b4f2d9902b631343a3db57bdca1361d17cbccfafc11bb21976b7ec4662",
                "f4778bf65fcb21e6e13de0ca7e2be10cc037d263e78405976b46305055c87d1e",
            ),
        ],
    )
    def test_is_what_it_was_when_the_studies_were_recorded(
        self, overrides: list[str], hash_: str, trial_hash: str
    ) -> None:
        spec = load_spec(None, ["workload=mnist1d/mlp-300-100", *overrides])
        assert [spec.hash, spec.trial_hash] == [hash_, trial_hash]


class TestTemplate:
    def test_is_the_embedded_example(self) -> None:
        assert parse_spec(tomllib.loads(spec_template()), "template") == Spec()

    def test_mentions_every_field_with_its_meaning(self) -> None:
        lines = spec_template().splitlines()
        for name, description in fields_of(Spec):
            assert any(
                re.match(rf"(# )?{name} = .*# {re.escape(description or '?')}( \(.+\))?$", line) for line in lines
            ), name

    def test_lists_what_there_is_to_choose_from(self) -> None:
        lines = spec_template().splitlines()
        [criterion] = [line for line in lines if line.startswith("criterion")]
        assert criterion.endswith(f"({', '.join(CRITERIA)})")
        [kind, _] = [line for line in lines if line.startswith("kind")]
        assert kind.endswith(f"({', '.join(PROFILES)})")

    def test_leaves_no_field_unexplained(self) -> None:
        names = [name for name, description in fields_of(Spec) if description and len(description) > 8]
        assert names == [name for name, _ in fields_of(Spec)]
        assert len(names) > 20


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"epoch": 1}, "epoch", "not a known field"),
    ({"pruning": {"rat": 0.2}}, "pruning.rat", "not a known field"),
    (max_lr(lo=0.1), "search.max_lr.lo", "not a known field"),
    ({"pruning": {"rate": -0.1}}, "pruning.rate", "should be above 0, but it is -0.1"),
    ({"pruning": {"rate": 0}}, "pruning.rate", "should be above 0, but it is 0"),
    ({"pruning": {"rate": 1}}, "pruning.rate", "should be below 1, but it is 1"),
    ({"pruning": {"rate": NAN}}, "pruning.rate", "but it is nan"),
    ({"pruning": {"rate": INF}}, "pruning.rate", "but it is inf"),
    ({"pruning": {"rewind_step": -1}}, "pruning.rewind_step", "at least 0"),
    ({"pruning": {"scope": "channel"}}, "pruning.scope", "'global' or 'layer'"),
    ({"pruning": {"criterion": "hessian"}}, "pruning.criterion", "'magnitude', 'gradient', 'snip'"),
    ({"pruning": {"criterion": "lamp", "scope": "layer"}}, "pruning", "scope"),
    ({"pruning": {"parameters": []}}, "pruning.parameters", "must not be empty"),
    ({"pruning": {"parameters": "*.weight"}}, "pruning.parameters", "should be a list, but it is '*.weight'"),
    ({"pruning": {"parameters": ["*", "*"]}}, "pruning.parameters", "must not name a value twice"),
    ({"pruning": {"parameters": ["*"], "batch_norm": True}}, "pruning", "leave out batch_norm"),
    ({"seeds": []}, "seeds", "must not be empty"),
    ({"seeds": [1, 1]}, "seeds", "must not name a value twice"),
    ({"seeds": [0, -1]}, "seeds.1", "at least 0, but it is -1"),
    ({"seeds": 3}, "seeds", "should be a list, but it is 3"),
    ({"seeds": [0.5]}, "seeds.0", "integer"),
    ({"levels": 0}, "levels", "at least 1"),
    ({"levels": "13"}, "levels", "should be an integer, but it is '13'"),
    ({"levels": True}, "levels", "should be an integer, but it is true"),
    ({"levels": 1.5}, "levels", "should be an integer"),
    ({"levels": {"x": 3}}, "levels", "should be an integer"),
    ({"epochs": 0}, "epochs", "at least 1"),
    ({"batch_size": -64}, "batch_size", "at least 1"),
    ({"workload": ""}, "workload", "must not be empty"),
    ({"workload": 3}, "workload", "should be a string"),
    (max_lr(values=[]), "search.max_lr.values", "must not be empty"),
    (max_lr(values=[0.1, 0.1]), "search.max_lr.values", "twice"),
    (max_lr(values=[0.1, NAN]), "search.max_lr.values.1", "finite"),
    (max_lr(values=[0.0]), "search.max_lr.values.0", "above 0"),
    (max_lr(values=[0.1], low=0.1), "search.max_lr", "either values, or low, high and count"),
    (max_lr(values=[0.1], count=1), "search.max_lr", "either values, or low, high and count"),
    (max_lr(count=0), "search.max_lr.count", "at least 1"),
    (max_lr(count=1), "search.max_lr", "one candidate needs low equal to high"),
    (max_lr(low=1.0, high=0.5), "search.max_lr", "low (1.0) must not be above high (0.5)"),
    (max_lr(low=0.5, high=0.5, count=3), "search.max_lr", "more than one needs low below high"),
    (max_lr(low=0), "search.max_lr.low", "above 0"),
    (max_lr(low=NAN), "search.max_lr.low", "but it is nan"),
    (max_lr(high=INF), "search.max_lr.high", "finite"),
    (max_lr(scale="sqrt"), "search.max_lr.scale", "'log' or 'linear'"),
    ({"search": {"method": "bayes"}}, "search.method", "'grid', 'racing', 'tpe', 'gp', 'cmaes', 'qmc' or 'random'"),
    ({"search": {"method": "tpe", "max_lr": {"values": [0.1, 0.2]}}}, "search", "needs max_lr.low"),
    ({"search": {"widen": -1}}, "search.widen", "at least 0"),
    ({"search": {"batch": 0}}, "search.batch", "at least 1"),
    ({"search": 5}, "search", "should be a section, but it is 5"),
    ({"profile": "cosine"}, "profile", "should be a section"),
    ({"profile": {"kind": "square"}}, "profile.kind", "'warmup-step'"),
    ({"profile": {"kind": ["step"]}}, "profile.kind", "'warmup-step'"),
    ({"profile": {"final": 0.1}}, "profile", "final is not a field of warmup-step, which has warmup and drops"),
    ({"profile": {"kind": "constant", "warmup": 0.1}}, "profile", "not a field of constant, which has none"),
    ({"profile": {"warmup": "x"}}, "profile", "warmup should be a number, but it is 'x'"),
    ({"profile": {"warmup": False}}, "profile", "warmup should be a number, but it is false"),
    ({"profile": {"warmup": 1.0}}, "profile", "warmup is a fraction"),
    ({"profile": {"warmup": NAN}}, "profile", "warmup is a fraction"),
    ({"profile": {"drops": [0.8, 0.5]}}, "profile", "drops are fractions between 0 and 1 in ascending order"),
    ({"profile": {"drops": 0.5}}, "profile", "drops should be a list, but it is 0.5"),
    ({"profile": {"drops": [0.5, "x"]}}, "profile", "drops.1 should be a number"),
    ({"profile": {"kind": "triangular", "cycles": 1.5}}, "profile", "cycles should be an integer"),
    ({"profile": {"kind": "triangular", "cycles": 0}}, "profile", "at least one cycle"),
    ({"optimizer": {"nesterov": True, "momentum": 0}}, "optimizer", "nesterov needs a momentum above 0"),
    ({"optimizer": {"nesterov": 1}}, "optimizer.nesterov", "true or false"),
    ({"optimizer": {"momentum": 1}}, "optimizer.momentum", "below 1"),
    ({"optimizer": {"weight_decay": INF}}, "optimizer.weight_decay", "finite"),
    ({"optimizer": {"kind": "adam"}}, "optimizer.kind", "'sgd' or 'adamw'"),
    ({"optimizer": {"kind": "adamw", "nesterov": True}}, "optimizer", "adamw has no Nesterov momentum"),
    ({"optimizer": {"beta2": 1.0}}, "optimizer.beta2", "below 1"),
    ({"precision": "fp16"}, "precision", "'fp32' or 'bf16'"),
    ({"resources": {"cpus_per_trial": 0}}, "resources.cpus_per_trial", "at least 1"),
    ({"resources": {"gpus_per_trial": -0.5}}, "resources.gpus_per_trial", "at least 0"),
]

JARGON = re.compile(
    r"pydantic|validation|[Ii]nput should|Value error|dictionary|instance|https?:|\[type=|\n|\.\.$|Spec\b"
)


def is_one_sentence(message: str) -> bool:
    return message[0] in "TA" and message.endswith(".") and JARGON.search(message) is None


class TestRefusals:
    @pytest.mark.parametrize(("given", "field", "words"), BAD, ids=[f"{given}"[:60] for given, *_ in BAD])
    def test_one_sentence_names_the_field_and_the_fault(self, given: dict[str, Any], field: str, words: str) -> None:
        with pytest.raises(InputError) as caught:
            parse_spec(given, "my.toml")
        message = str(caught.value)
        assert re.match(rf"The spec \(my\.toml\) is not valid: {re.escape(field)}:? ", message), message
        assert words in message
        assert is_one_sentence(message), message

    def test_every_fault_is_named_at_once(self) -> None:
        with pytest.raises(InputError) as caught:
            parse_spec({"levels": 0, "epochs": "ten", "foo": 1}, "my.toml")
        assert str(caught.value) == (
            "The spec (my.toml) is not valid: levels should be at least 1, but it is 0; "
            "epochs should be an integer, but it is 'ten'; foo is not a known field (`scyc spec` lists them)."
        )

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"levels = = 3", "is not TOML"),
            (b"levels = 3\nlevels = 4", "is not TOML"),
            (b"\x89PNG\xff\xfe\x00", "is not UTF-8 text"),
            (b"levels = 0", "levels should be at least 1"),
            (None, "No such file"),
        ],
    )
    def test_a_file_is_named(self, content: bytes | None, words: str, tmp_path: Path) -> None:
        path = tmp_path / "my.toml"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            load_spec(path)
        assert str(path) in str(caught.value)
        assert words in str(caught.value)
        assert is_one_sentence(str(caught.value))

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="cannot be read"):
            load_spec(tmp_path)

    @pytest.mark.parametrize("override", ["levels", "", "=3", "a..b=1", ".levels=3"])
    def test_an_override_needs_a_key_and_a_value(self, override: str) -> None:
        with pytest.raises(InputError, match="An override is key=value") as caught:
            load_spec(None, [override])
        assert repr(override) in str(caught.value)
        assert is_one_sentence(str(caught.value))

    def test_an_override_cannot_reach_into_a_value(self) -> None:
        with pytest.raises(InputError, match=r"no field levels\.x: 'levels' is a value, not a section") as caught:
            load_spec(None, ["levels=3", "levels.x=4"])
        assert is_one_sentence(str(caught.value))

    @pytest.mark.parametrize("override", ["levels=", "levels=many", "seeds=[1, 2", "search.method=grdi", "level=3"])
    def test_an_override_is_checked_like_the_file(self, override: str) -> None:
        with pytest.raises(InputError) as caught:
            load_spec(None, [override])
        assert override.partition("=")[0] in str(caught.value)
        assert is_one_sentence(str(caught.value))

    def test_an_unknown_workload_is_refused_with_those_that_exist(self) -> None:
        with pytest.raises(InputError, match="mnist1d/mlp-300-100"):
            load_spec(None, ["workload=mnist1d/mlp"]).protocol()
