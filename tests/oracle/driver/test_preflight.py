from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from oracle.driver.engine_choice import with_engine
from oracle.driver.preflight import check_ready, check_same_network
from oracle.execution.checkpoints import dump_checkpoint
from oracle.spec.files import load_spec
from oracle.study.opening import open_study
from scyc import Constant, InputError, Policy, Triangular
from scyc.trial import run_trial
from studies import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from oracle.spec.model import Spec

SETTINGS = ["levels=5", "seeds=[0, 1, 2]", "search.max_lr.values=[0.1, 0.2]", "epochs=1"]


class Measured:
    """An artifact store that hears how much room is needed."""

    needed = 0

    def check_writable(self, needed_bytes: int) -> None:
        self.needed = needed_bytes


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("kept", ["fresh", "with-weights"])
def test_the_room_it_asks_for_is_that_of_the_checkpoints(optimizer: str, kept: str) -> None:
    rewind = "pruning.rewind=learning-rate"
    spec = load_spec(None, [*SETTINGS, rewind, f"optimizer.kind={optimizer}", f"pruning.optimizer_state={kept}"])
    store = Measured()
    check_ready(spec, store)  # type: ignore[arg-type]
    trial = run_trial(spec.protocol(), spec.protocol().workload.load_data(), seed=0, level=0, max_lr=0.1)
    written = len(dump_checkpoint(trial.checkpoint))
    # Three seeds: two candidates' checkpoints and rewind points under way, five winners' kept.
    assert store.needed == pytest.approx(written * 3 * (2 * 2 + 5), rel=0.01)


NETWORKS = """
import torch
from torch import nn
from scyc.data import Dataset, Split
from scyc.workloads import Workload

x = torch.randn(240, 8, generator=torch.Generator().manual_seed(0))
y = (x.sum(1) > 0).long()
split = lambda a, b: Split(x[a:b], y[a:b])
data = lambda: Dataset(split(0, 160), split(160, 200), split(200, 240), 2)

class Recurrent(nn.Module):
    def __init__(self, wide=0):
        super().__init__()
        self.rnn, self.out = nn.GRU(2, 6 + wide, batch_first=True), nn.Linear(6 + wide, 2)
        self.scale = nn.Parameter(torch.ones(2, 2))
    def forward(self, x):
        return self.out(self.rnn(x.view(-1, 4, 2))[0][:, -1]) @ self.scale

one = nn.Sequential(nn.Linear(8, 2))
shared = Workload("shared", lambda: one, data)
recurrent = Workload("recurrent", Recurrent, data)
named = Workload("named", Recurrent, data, prunable=lambda model: ["out.weight", "sca*"])
drops = Workload("drops", lambda: nn.Sequential(nn.Linear(8, 8), Drop(), nn.Linear(8, 2)), data)

class Drop(nn.Module):
    def forward(self, x):
        return nn.functional.dropout(x, training=self.training)
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a module of networks, where Python finds it."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "networks_of_preflight.py").write_text(NETWORKS)
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(folder)
        yield folder


def own_spec(workload: str, *overrides: str) -> Spec:
    return load_spec(None, [*SETTINGS, "batch_size=16", f"workload=networks_of_preflight:{workload}", *overrides])


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("overrides", "fault"),
    [
        (["workload=networks_of_preflight:shared"], "returned one object twice"),
        (["pruning.parameters=['gru.*']"], r"pruning\.parameters has 'gru\.\*', which matches no parameter of Recur"),
        (["pruning.batch_norm=true", "workload=networks_of_preflight:named"], "says itself what is pruned"),
        (["batch_size=160"], r"only 1 step, .+ 0% of what max_lr stands for"),
        (["batch_size=80"], r"only 2 steps, .+ 10% of what max_lr stands for"),
        (["engine=stacked", "resources.gpus_per_trial=1"], r"'stacked' does not train .+ Batching rule .+ \"eager\""),
        (
            ["engine=graphs", "resources.gpus_per_trial=1", "workload=networks_of_preflight:drops"],
            r"'graphs' does not train .+ the (loss|gradient)",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(overrides: list[str], fault: str) -> None:
    spec = own_spec("recurrent", *overrides)
    with pytest.raises(InputError, match=fault):
        check_ready(spec, Measured(), here=False)  # type: ignore[arg-type]


@pytest.mark.usefixtures("own")
def test_what_the_user_should_know_is_said() -> None:
    ready = check_ready(own_spec("recurrent"), Measured())  # type: ignore[arg-type]
    assert ready.coverage is not None
    assert ready.coverage.notable
    assert (
        ready.coverage.sentence
        == "156 of the network's 198 parameters are pruned; never pruned: biases (38) and scale (4)."
    )
    assert ready.warnings == ()
    named = check_ready(own_spec("named", "batch_size=40", "epochs=1"), Measured())  # type: ignore[arg-type]
    assert named.coverage is not None
    assert named.coverage.sentence.startswith(
        "16 of the network's 198 parameters are pruned; never pruned: rnn, GRU (144)"
    )
    assert len(named.warnings) == 1
    assert "83% of what max_lr stands for" in named.warnings[0]


def test_schedules_are_trained_only_if_they_reach_their_max_lr() -> None:
    spec = load_spec(None, [*SETTINGS, "batch_size=1000"])  # three steps
    assert check_ready(spec, Measured()).warnings == ()  # type: ignore[arg-type]
    late, early = (Policy(Constant(0.1), Triangular(cycles=3), from_level=level) for level in (9, 1))
    assert check_ready(spec, Measured(), policies=[late]).warnings == ()  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"only . steps, and with the profile Triangular\(cycles=3"):
        check_ready(spec, Measured(), policies=[late, early])  # type: ignore[arg-type]


@pytest.mark.usefixtures("own")
def test_the_network_stays_that_which_the_study_was_begun_with() -> None:
    spec, other = own_spec("recurrent"), own_spec("named")
    with Store.open("sqlite://") as store:
        study = open_study(
            store, "mine", spec, "memory://weights", recorded={"network": spec.protocol().coverage().to_dict()}
        )
        check_same_network(spec, study, spec.protocol().coverage())
        with pytest.raises(InputError, match=r"The network of the study 'mine' has changed .+ Then: 156 .+ Now: 16 "):
            check_same_network(other, study, other.protocol().coverage())
        older = open_study(store, "older", spec, "memory://weights")
        with pytest.raises(InputError, match=r"'older' was begun by a version that did not prune .+ recurrent"):
            check_same_network(spec, older, spec.protocol().coverage())
        check_same_network(other, older, other.protocol().coverage())
        check_same_network(load_spec(), older, load_spec().protocol().coverage())


@pytest.mark.usefixtures("own")
def test_an_engine_that_trains_otherwise_is_not_chosen(caplog: pytest.LogCaptureFixture) -> None:
    spec = own_spec("recurrent", "resources.gpus_per_trial=1")
    if torch.cuda.is_available():
        pytest.skip("With a GPU, the engines are timed.")
    assert with_engine(spec).engine == "graphs"
    assert "The engine stacked does not train this network as the reference does" in caplog.text
