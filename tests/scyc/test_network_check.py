"""Networks that training cannot do justice to are refused before it begins, by name and with what to do."""

from __future__ import annotations

import copy
import random
import re
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from scyc import InputError
from scyc.bench import possible
from scyc.data import Dataset, Split
from scyc.engines import ENGINES
from scyc.models import find_network
from scyc.network_check import check_network, engine_fault
from scyc.optimizers import OptimizerSettings
from scyc.profiles import ConstantProfile
from scyc.protocol import Protocol, Pruning
from scyc.training.recipe import Recipe
from scyc.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Callable

INPUTS, CLASSES = 8, 4


@cache
def data(*shape: int) -> Dataset:
    generator = torch.Generator().manual_seed(0)

    def split(size: int) -> Split:
        return Split(torch.randn(size, *(shape or (INPUTS,)), generator=generator), torch.arange(size) % CLASSES)

    return Dataset(split(32), split(16), split(16), CLASSES)


def protocol(build: Callable[[], Any], batch_size: int = 16, **pruning: Any) -> Protocol:
    recipe = Recipe(epochs=1, batch_size=batch_size, profile=ConstantProfile(), optimizer=OptimizerSettings())
    return Protocol(Workload("mine", build, data), recipe, Pruning(**pruning))


def layers(*more: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(INPUTS, 6), nn.ReLU(), *more, nn.Linear(6, CLASSES))


class Net(nn.Module):
    """Two layers, with a change to how it is made, called or stored."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(INPUTS, 6), nn.Linear(6, CLASSES)
        self.changes, self.calls = changes, 0
        if "add" in changes:
            changes["add"](self)

    def forward(self, x: torch.Tensor) -> Any:
        self.calls += 1
        hidden = self.changes.get("hidden", torch.relu)(self.body(x))
        logits = self.head(hidden)
        return self.changes["out"](logits, self) if "out" in self.changes else logits


SHARED = layers()
BACKBONE = nn.Linear(INPUTS, 6)
NORM, PLAIN_NORM = nn.BatchNorm1d(6), nn.BatchNorm1d(6, affine=False)
SEEN = torch.zeros(3)
OWN_GENERATOR = torch.Generator()
STORE: list[torch.Tensor] = []


def _numpy(net: Net) -> None:
    net.body.weight.data = torch.from_numpy(np.random.default_rng().normal(size=(6, INPUTS))).float()


def _python(net: Net) -> None:
    net.head.bias.data.fill_(random.random())


def _generator(net: Net) -> None:
    net.register_buffer("table", torch.randn(3, generator=OWN_GENERATOR))


def _overlapping(net: Net) -> None:
    net.decoder = nn.Parameter(net.body.weight.data.t())


def _grows() -> nn.Module:
    STORE.append(torch.ones(1))
    return nn.Sequential(nn.Linear(INPUTS, 5 + len(STORE)), nn.Linear(5 + len(STORE), CLASSES))


def _lazy_norm(net: Net) -> None:
    net.norm = nn.LazyBatchNorm1d()


def _keeps(value: object) -> Callable[[Net], None]:
    return lambda net: setattr(net, "kept", value)


def _sparse(net: Net) -> None:
    net.words = nn.Embedding(5, 6, sparse=True)


class Extra(Net):
    def get_extra_state(self) -> dict[str, int]:
        return {"epochs": 3}

    def set_extra_state(self, state: Any) -> None:
        pass


class Renames(Net):
    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        return {f"net.{name}": tensor for name, tensor in super().state_dict(*args, **kwargs).items()}


def _remembers(logits: torch.Tensor, net: Net) -> torch.Tensor:
    """Add what the former batch left."""
    former = getattr(net, "former", torch.zeros_like(logits))
    net.former = logits.detach()
    return logits + former


def _counts(logits: torch.Tensor, net: Net) -> torch.Tensor:
    if net.training:
        net.get_buffer("kept").add_(1)
    return logits


def with_parameter(name: str, value: torch.Tensor, **kwargs: Any) -> Callable[[], nn.Module]:
    return partial(Net, add=lambda net: net.register_parameter(name, nn.Parameter(value, **kwargs)))


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "one object": (lambda: SHARED, r"one object twice, so every trial would train on from the one before"),
    "shared backbone": (lambda: nn.Sequential(BACKBONE, nn.Linear(6, CLASSES)), r"two of them have the same 0\.weight"),
    "shared buffer": (partial(Net, add=lambda n: n.register_buffer("kept", SEEN), out=_counts), "the same kept"),
    "shared norm": (lambda: layers(NORM), r"two of them have the same 2\.weight"),
    "shared statistics": (lambda: layers(PLAIN_NORM), r"two of them have the same 2\.running_mean"),
    "numpy": (partial(Net, add=_numpy), r"body\.weight differs between two networks of one seed.+not from NumPy"),
    "python's random": (partial(Net, add=_python), r"head\.bias differs between two networks of one seed"),
    "own generator": (partial(Net, add=_generator), r"table differs between two networks of one seed"),
    "another one": (_grows, r"and always the same one, but two of them differ in the shape of"),
    "no module": (lambda: (layers(), "adam"), r"must return a torch\.nn\.Module, but it returned tuple"),
    "a class": (lambda: Net, r"must return a torch\.nn\.Module, but it returned type"),
    "raises": (lambda: 1 / 0, r"`build_model` of the workload 'mine' fails \(ZeroDivisionError: division by zero\)"),
    "frozen": (lambda: layers().requires_grad_(False), r"No parameter .+ requires a gradient"),
    "detached": (partial(Net, out=lambda x, _: x.detach()), r"cannot take a training step \(RuntimeError"),
    "nothing to prune": (lambda: nn.Sequential(nn.BatchNorm1d(INPUTS)), r"nothing to prune"),
    "complex": (with_parameter("phase", torch.ones(2, dtype=torch.complex64)), r"parameter phase .+ is complex64"),
    "integers": (
        with_parameter("order", torch.arange(3), requires_grad=False),
        r"parameter order .+ is int64, and optimizers need real numbers; register it as a buffer",
    ),
    "sparse": (with_parameter("few", torch.eye(3).to_sparse()), r"parameter few .+ is sparse"),
    "meta": (with_parameter("far", torch.ones(2, device="meta")), r'parameter far .+ is on the device "meta"'),
    "sparse gradients": (partial(Net, add=_sparse), r"layer words \(Embedding\).+sparse=False"),
    "lazy layer": (lambda: layers(nn.LazyLinear(6)), r"2\.weight .+ has no shape yet, because its layer is lazy"),
    "lazy buffer": (partial(Net, add=_lazy_norm), r"norm\.\w+ .+ lazy; in build_model, call the model once"),
    "layers in a list": (partial(Net, add=_keeps([nn.Linear(6, 6)])), r"^kept of .+ neither trained .+nn\.ModuleList"),
    "layers in a dict": (partial(Net, add=_keeps({"a": (nn.Linear(6, 6),)})), r"^kept of .+ neither trained"),
    "a plain tensor": (partial(Net, add=_keeps(torch.ones(2, requires_grad=True))), r"^kept of .+torch\.nn\.Parameter"),
    "a list inside": (lambda: layers(Net(add=_keeps([nn.Linear(6, 6)]))), r"^2\.kept of .+ neither trained"),
    "two views": (partial(Net, add=_overlapping), r"decoder and body\.weight|body\.weight and decoder"),
    "extra state": (Extra, r"state_dict .+ cannot be stored: _extra_state is no tensor"),
    "other names": (Renames, r"state_dict .+ lacks the parameter body\.bias"),
    "parametrized": (lambda: layers(parametrizations.weight_norm(nn.Linear(6, 6))), r"layer 2 \(Linear\)"),
    "old hook": (lambda: layers(torch.nn.utils.spectral_norm(nn.Linear(6, 6))), r"layer 2 \(Linear\)"),
    "tuple": (partial(Net, out=lambda x, _: (x, None)), r"must return logits, .+ returned something of type tuple"),
    "three dimensions": (partial(Net, out=lambda x, _: x[:, None]), r"\(8, 4\), but it returned a tensor of shape"),
    "squeezed": (partial(Net, out=lambda x, _: x.squeeze()), r"\(1, 4\), but it returned a tensor of shape \(4,\)"),
    "too few classes": (partial(Net, out=lambda x, _: x[:, :1]), r"shape \(8, 1\)"),
    "labels": (partial(Net, out=lambda x, _: x.argmax(1)), r"shape \(8,\) and int64"),
    "not a number": (partial(Net, out=lambda x, _: x * torch.nan), r"has the loss nan on its first batch"),
    "buffer of a batch": (
        partial(Net, out=_remembers),
        r"must return logits, .+ \(1, 4\), but it returned a tensor of shape \(8, 4\)",
    ),
    "other inputs": (
        lambda: nn.Sequential(nn.Linear(5, CLASSES)),
        r"cannot be evaluated \(RuntimeError: .*mat1 and mat2",
    ),
    "forward by chance": (
        partial(Net, hidden=lambda x: x * np.random.default_rng().random()),
        r"does not take the same step twice .+ draw with torch",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_fit_is_refused(kind: str) -> None:
    build, fault = REFUSED[kind]
    with pytest.raises(InputError, match=fault) as caught:
        check_network(protocol(build), data())
    assert str(caught.value).endswith(".")


def augmented(augmentation: Any) -> Protocol:
    plain = protocol(layers)
    return replace(plain, workload=replace(plain.workload, augmentation=augmentation))


@pytest.mark.parametrize(
    ("augmentation", "fault"),
    [
        (
            lambda x, _: x * np.random.default_rng().random(),
            r"does not do the same twice .+ the generator that it gets",
        ),
        (lambda x, _: x.add_(random.random()), "does not do the same twice"),
        (lambda x: x, r"fails \(TypeError: .+\); correct the augmentation\."),
        (lambda x, _: x[:3], r"as many examples as it got, here 8, but it returned a tensor of shape \(3, 8\)"),
        (lambda x, _: (x, x), "but it returned tuple"),
    ],
)
def test_an_augmentation_that_does_not_fit_is_refused(augmentation: Any, fault: str) -> None:
    with pytest.raises(InputError, match=f"The augmentation of the workload 'mine' .*{fault}"):
        check_network(augmented(augmentation), data())


@pytest.mark.parametrize(
    "augmentation",
    [
        lambda x, _: x.mul_(1.5),
        lambda x, _: x + 0.1 * torch.randn_like(x),
        lambda x, g: x.add_(torch.randn(x.shape, generator=g)),
    ],
)
def test_an_augmentation_may_work_in_place_and_draw_from_the_default_generator(augmentation: Any) -> None:
    before = data().train.inputs.clone()
    check_network(augmented(augmentation), data())
    assert torch.equal(data().train.inputs, before)


class Partly(Net):
    """A layer is frozen, another is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Linear(3, 3)
        self.body.requires_grad_(False)


class Shared(Net):
    """One layer twice, and the weight of an embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.again = nn.Embedding(CLASSES, 6), self.body
        self.head.weight = self.words.weight


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.out = nn.LSTM(2, 5, batch_first=True, bidirectional=True), nn.Linear(10, CLASSES)

    def forward(self, x: torch.Tensor) -> Any:
        return self.out(self.rnn(x.view(-1, 4, 2))[0][:, -1])


def pretrained() -> nn.Module:
    return copy.deepcopy(SHARED)


def _with_constants(net: Net) -> None:
    net.register_buffer("kept", SEEN)
    net.register_buffer("table", BACKBONE.weight.data)


FITS: dict[str, Callable[[], nn.Module]] = {
    "layers": layers,
    "dropout": lambda: layers(nn.Dropout(0.5)),
    "batch norm": lambda: layers(nn.BatchNorm1d(6)),
    "in evaluation mode": lambda: layers(nn.Dropout(0.5)).eval(),
    "partly trained": Partly,
    "shared parameters": Shared,
    "copied": pretrained,
    "recurrent": Recurrent,
    "double precision": lambda: nn.Sequential(_Double(), nn.Linear(INPUTS, CLASSES).double()),
    "constants of the module": partial(Net, add=_with_constants),
    "layers under two names": partial(Net, add=lambda n: setattr(n, "blocks", [n.body, {"head": n.head.weight}])),
    "a frozen teacher in a list": partial(Net, add=_keeps([nn.Linear(6, 6).requires_grad_(False), torch.ones(3)])),
    "attention mask": partial(Net, add=lambda n: n.register_buffer("mask", torch.full((3, 3), -torch.inf).triu(1))),
    "seeded itself": lambda: (torch.manual_seed(3), layers())[1],
}


class _Double(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.double()


@pytest.mark.parametrize("kind", FITS)
def test_what_fits_is_let_through_and_left_alone(kind: str) -> None:
    mine = protocol(FITS[kind])
    state = torch.random.get_rng_state()
    check_network(mine, data())
    assert torch.equal(torch.random.get_rng_state(), state)
    check_network(protocol(FITS[kind], batch_size=2), data())


@pytest.mark.parametrize(
    ("network", "precision"),
    [
        ("mlp-20", "fp32"),
        ("mlp-20", "bf16"),
        ("lenet-5", "fp32"),
        ("resnet-8", "fp32"),
        ("resnet-8", "bf16"),
        ("dropnet-b", "fp32"),
        pytest.param("vit-small", "fp32", marks=pytest.mark.slow),
        pytest.param("conv-2", "bf16", marks=pytest.mark.slow),
    ],
)
def test_the_projects_own_networks_fit_every_engine(network: str, precision: Any) -> None:
    found = find_network(network)
    shape = (3 * 16 * 16,) if found.flat else (3, 16, 16)
    recipe = Recipe(epochs=1, batch_size=16, profile=ConstantProfile(), precision=precision)
    own = Protocol(Workload(network, partial(found.build, shape, CLASSES), partial(data, *shape)), recipe)
    check_network(own, data(*shape))
    for name in possible(own, torch.device("cuda")):
        assert engine_fault(ENGINES[name], own, data(*shape)) is None, name


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("kind", ["layers", "batch norm", "partly trained", "shared parameters", "copied"])
def test_engines_agree_on_what_fits(kind: str, optimizer: Any) -> None:
    recipe = Recipe(epochs=1, batch_size=16, profile=ConstantProfile(), optimizer=OptimizerSettings(optimizer))
    mine = Protocol(Workload("mine", FITS[kind], data), recipe)
    for name in ["graphs"] + ["stacked"] * (optimizer == "sgd"):
        assert engine_fault(ENGINES[name], mine, data()) is None


@pytest.mark.parametrize(
    ("engine", "build", "fault"),
    [
        ("stacked", Recurrent, r"^it fails with RuntimeError: Batching rule not implemented for aten::lstm"),
        ("stacked", partial(Net, hidden=lambda x: x if x.sum() > 0 else -x), r"^it fails with RuntimeError: vmap"),
        ("graphs", partial(Net, hidden=nn.functional.dropout), r"the (loss|gradient)"),
    ],
)
def test_an_engine_that_trains_otherwise_is_found(engine: str, build: Callable[[], nn.Module], fault: str) -> None:
    found = engine_fault(ENGINES[engine], protocol(build), data())
    assert found is not None
    assert re.search(fault, found), found


def test_a_mask_that_is_not_held_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from scyc.engines import stacked

    def forgetful(self: Any, names: list[str]) -> None:
        masks, self._masks = self._masks, {name: torch.ones_like(mask) for name, mask in self._masks.items()}
        descend(self, names)
        self._masks = masks

    descend = stacked._Stacks._descend
    monkeypatch.setattr(stacked._Stacks, "_descend", forgetful)
    assert engine_fault(ENGINES["stacked"], protocol(layers), data()) == "pruned weights of 0.weight are not zero"


def test_the_parts_of_a_parametrization_are_trained_where_they_are_named() -> None:
    def build() -> nn.Module:
        return layers(parametrizations.weight_norm(nn.Linear(6, 6)))

    named = protocol(build, parameters=("0.weight", "*.original1", "3.weight"))
    check_network(named, data())
    for name in ("graphs", "stacked"):
        assert engine_fault(ENGINES[name], named, data()) is None
