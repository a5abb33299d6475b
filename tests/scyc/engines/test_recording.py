"""What recording a step as a CUDA graph asks of it, as far as that can be seen without a GPU."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from scyc.engines import EAGER, ENGINES, captured, engine_for
from scyc.engines.batch_norm import AllChannels
from scyc.models import find_network
from scyc.optimizers import OptimizerSettings
from scyc.pruning import Masks, prunable_weights
from scyc.training.learner import Learner
from scyc.training.recipe import Recipe
from tests.scyc.test_shared_parameters import Encoder, Twice

if TYPE_CHECKING:
    from collections.abc import Callable

    from scyc.engines.captured import LockStep

TOGETHER = ["graphs", "stacked"]
RECIPE = Recipe(epochs=1, batch_size=4)
NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "batch-norm": (lambda: find_network("resnet-8").build((3, 8, 8), 3), (3, 8, 8)),
    "attention": (lambda: find_network("vit-small").build((3, 8, 8), 3), (3, 8, 8)),
    "shared weight": (Encoder, (12,)),
    "layer in two places": (Twice, (12,)),
}


class Host(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Refuses what would make a GPU's host wait, as CUDA does while a step is recorded."""

    ASKING = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "item", "_unique")

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.overloadpacket.__name__.startswith(self.ASKING):
            raise RuntimeError(f"operation not permitted when stream is capturing: {func}")
        return func(*args, **(kwargs or {}))


def bound(engine: str, build: Callable[[], nn.Module], recipe: Recipe = RECIPE, members: int = 2) -> Any:
    """The steps of some networks."""
    learners = []
    for _ in range(members):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = build()
        ENGINES[engine].lay_out(model)
        learners.append(Learner(model, Masks.dense(model, prunable_weights(model)), recipe, 9, max_lr=0.1))
        learners[-1].begin_epoch()
    return ENGINES[engine].bind(learners)


def batch(shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(4, *shape, generator=torch.Generator().manual_seed(1)), torch.tensor([0, 1, 2, 0])


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # attention's kernel for CPUs has no rule for stacks
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("engine", TOGETHER)
def test_a_step_asks_the_host_for_nothing(engine: str, kind: str, precision: str) -> None:
    build, shape = NETWORKS[kind]
    steps = bound(engine, build, replace(RECIPE, precision=precision))  # type: ignore[arg-type]
    with Host():  # type: ignore[no-untyped-call]
        losses = steps.take(*batch(shape))
    assert losses.isfinite().all()


class Counting(nn.Sequential):
    """Its running averages are over all batches so far, whose number it has to read."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(12, 6), nn.BatchNorm1d(6, momentum=None), nn.Linear(6, 3))


def test_a_batch_norm_that_counts_its_batches_is_left_to_the_reference() -> None:
    with Host(), pytest.raises(RuntimeError, match="not permitted"):  # type: ignore[no-untyped-call]
        bound("graphs", Counting).take(*batch((12,)))
    gpu = torch.device("cuda")
    for name in TOGETHER:
        assert engine_for(name, Counting(), RECIPE, gpu) is EAGER
        assert engine_for(name, nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 3)), RECIPE, gpu) is ENGINES[name]


def test_the_warm_up_leaves_counters_momenta_and_weights_as_they_were() -> None:
    for engine in TOGETHER:
        steps = bound(engine, NETWORKS["batch-norm"][0])
        steps(*batch((3, 8, 8)), 0)
        for learner in steps.learners:
            counts = [tensor for name, tensor in learner.model.named_buffers() if name.endswith("batches_tracked")]
            assert [int(count) for count in counts] == [1] * len(counts)


@pytest.mark.parametrize("where", ["first", "after a layer"])
def test_batch_norm_of_all_networks_is_that_of_each(where: str) -> None:
    """Values, gradients, and running averages."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(*([] if where == "first" else [3]), 5, 4, 2, 2, generator=generator, requires_grad=True)
    weight, bias, mean = torch.randn(3, 3, 4, generator=generator).unbind()
    weight.requires_grad_()
    bias.requires_grad_()
    variance = torch.rand(3, 4, generator=generator)
    wanted = []
    for member in range(3):
        stats = mean[member].clone(), variance[member].clone()
        alone = inputs if where == "first" else inputs[member]
        wanted.append((F.batch_norm(alone, *stats, weight[member], bias[member], training=True), *stats))
    expected = [torch.stack(found) for found in zip(*wanted, strict=True)]
    with AllChannels():
        outputs = torch.vmap(
            lambda x, m, v, w, b: F.batch_norm(x, m, v, w, b, training=True),
            in_dims=(None if where == "first" else 0, 0, 0, 0, 0),
        )(inputs, mean, variance, weight, bias)
    torch.testing.assert_close([outputs, mean, variance], expected)
    ways = torch.randn(outputs.shape, generator=generator)
    for found, right in zip(
        torch.autograd.grad((outputs * ways).sum(), [inputs, weight, bias]),
        torch.autograd.grad((expected[0] * ways).sum(), [inputs, weight, bias]),
        strict=True,
    ):
        torch.testing.assert_close(found, right)


class Stream:
    """Stands in for a stream of a GPU; remembers whom it waited for."""

    def __init__(self) -> None:
        self.waited: list[object] = []

    def wait_stream(self, stream: object) -> None:
        self.waited.append(stream)

    wait_event = wait_stream

    def record_event(self) -> str:
        return "begin"


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> Stream:
    """The stream that is current."""
    stream = Stream()
    monkeypatch.setattr("torch.cuda.current_stream", lambda _: stream)
    monkeypatch.setattr("torch.cuda.stream", lambda _: nullcontext())
    monkeypatch.setattr("torch.cuda.is_current_stream_capturing", lambda: True)
    return stream


def on_streams(steps: LockStep) -> list[Stream]:
    streams = [Stream() for _ in steps.learners]
    steps._streams = streams  # type: ignore[attr-defined]
    return streams


def test_networks_run_beside_each_other_and_all_are_waited_for(main: Stream) -> None:
    steps = bound("graphs", Encoder, members=3)
    streams = on_streams(steps)
    steps.take(*batch((12,)))
    assert [stream.waited for stream in streams] == [["begin"]] * 3
    assert main.waited == streams


def test_a_step_that_breaks_off_leaves_no_stream_behind(main: Stream) -> None:
    """Otherwise CUDA cannot end the recording."""
    steps = bound("graphs", Encoder, members=3)
    streams = on_streams(steps)

    def full(*_: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    steps._gradients[1] = full
    with pytest.raises(torch.OutOfMemoryError):
        steps.take(*batch((12,)))
    assert main.waited == streams[:2]
    assert streams[2].waited == []


def test_adam_may_be_recorded_while_it_is_and_is_not_said_to_be_otherwise(main: Stream) -> None:
    """It warns of a step that could be recorded and is not, and refuses to be recorded where it could not."""
    steps = bound("graphs", Encoder, replace(RECIPE, optimizer=OptimizerSettings("adamw")))
    groups = [group for learner in steps.learners for group in learner.optimizer.param_groups]
    steps.take(*batch((12,)))
    assert [group["capturable"] for group in groups] == [False, False]
    on_streams(steps)
    steps.take(*batch((12,)))
    assert [group["capturable"] for group in groups] == [True, True]


class Graph:
    """Stands in for CUDA's recording, which cannot be ended after some errors."""

    ends = True

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        if not self.ends:
            raise RuntimeError("operation failed due to a previous error during capture")


@pytest.mark.parametrize("ends", [True, False])
def test_what_a_step_raises_while_it_is_recorded_is_raised(ends: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full memory must be known as such, for the group to be halved."""
    monkeypatch.setattr("torch.cuda.graph", type("Graph", (Graph,), {"ends": ends}))
    monkeypatch.setattr("torch.cuda.CUDAGraph", object)

    def full(*_: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(torch.OutOfMemoryError):
        captured.recorded(full, *batch((12,)))
    with nullcontext() if ends else pytest.raises(RuntimeError, match="previous error"):
        assert captured.recorded(lambda inputs, _: inputs.sum(), *batch((12,)))[1].isfinite()
