"""Searching with trainings of the user's own, from scripts and from the command line."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import oracle
from oracle.execution.checkpoints import dump_checkpoint, dump_snapshot, load_checkpoint, load_snapshot
from oracle.testing import own_trainings
from scyc import own_objects
from scyc.trial import run_trial
from studies import Artifacts
from tests.oracle.api.conftest import SMALL

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE: dict[str, Any] = {"levels": 1, "seeds": 1, "max_lr": [0.1], "mirror": False, "executor": "inline"}

KILLED = """
import sys, oracle
from oracle.testing.sweeps import facts
from studies import Store

spec, name, db = eval(sys.argv[1]), "s", "sqlite:///scyc.db"
oracle.sweep(spec, name=name, db=db, workers=2, executor="processes", mirror=False)
with Store.open(db, read_only=True) as store:
    print(repr(facts(store, store.find_run(store.study(name).id, "oracle").id)))
"""


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(own_objects, "_given", {})
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    own_objects.find_training.cache_clear()
    yield
    own_objects.find_training.cache_clear()


@pytest.fixture
def db(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/scyc.db"


def half(_trial: oracle.Trial) -> dict[str, float]:
    return {"val": 0.5}


def curve_of(study: oracle.Study) -> list[Any]:
    return [study.curve()[column].tolist() for column in ("winner", "val")]


def test_a_function_of_a_module_is_searched_resumed_extended_run_and_compared(tmp_path: Path, db: str) -> None:
    own_trainings.spec_of_function(tmp_path, "own_whole")
    options: dict[str, Any] = {"executor": "inline", "mirror": False}
    study = oracle.search(
        "own_whole:train", name="s", levels=2, seeds=2, max_lr=(0.05, 3.2, 4), unit="steps", budget=4, db=db, **options
    )
    assert study.status.state == "finished"
    assert study.spec.engine == "own"
    before = study.trials()
    assert set(before["density"]) == {1.0, 0.8}
    assert oracle.Study("s", db).resume(**options).trials().equals(before)
    again: dict[str, Any] = {"levels": 3, "seeds": 2, "max_lr": (0.05, 3.2, 4), "unit": "steps", "budget": 4}
    with pytest.raises(oracle.InputError, match="levels is 2 in the study and 3 in this spec"):
        oracle.search("own_whole:train", name="s", db=db, **again, **options)
    study.extend(levels=3, **options)
    assert len(study.curve()) == 3
    study.run(["constant:max_lr=0.2"], **options)
    assert "constant:max_lr=0.2" in study.compare().runs
    assert study.recording().steps.tolist() == [0, 1, 2, 3]
    with pytest.raises(oracle.InputError, match="knows neither their networks nor their data"):
        study.analyse()
    page = study.report().read_text()
    assert "own_whole:train" in page
    assert "Steps trained" in page


def test_losers_leave_nothing(tmp_path: Path, db: str) -> None:
    own_trainings.spec_of_function(tmp_path, "own_losers")
    options: dict[str, Any] = ONE | {"levels": 2, "seeds": 2, "max_lr": [0.2, 0.8]}
    study = oracle.search("own_losers:train", name="s", db=db, **options)
    store = Artifacts(str(tmp_path / "scyc-artifacts" / "s"))
    assert len(list(store.hashes())) == 4  # two levels, two seeds
    assert len(list(Path(store.root).glob("*/*.files"))) == 4
    assert study.status.state == "finished"


def test_it_is_swept_from_a_spec_as_any_other(tmp_path: Path, db: str) -> None:
    """The engine is settled when the study is created."""
    spec = own_trainings.spec_of_function(tmp_path, "own_swept")
    del spec["engine"]
    study = oracle.sweep(spec, name="s", db=db, executor="inline", mirror=False)
    assert study.spec.engine == "own"
    assert oracle.sweep(spec, name="s", db=db, executor="inline", mirror=False).trials().equals(study.trials())
    command = own_trainings.spec_of_command(tmp_path, "own_swept_command")
    del command["engine"]
    study = oracle.sweep(command, name="c", db=db, executor="inline", mirror=False, levels=1, seeds=[0])
    assert study.spec.engine == "own"
    assert study.status.workload.endswith("own_swept_command.py")


@pytest.mark.parametrize(
    ("max_lr", "grid"),
    [
        ((0.1, 0.4, 3), [0.1, 0.2, 0.4]),
        ([0.3, 0.1], [0.1, 0.3]),
        ({"low": 0.1, "high": 0.3, "count": 2, "scale": "linear"}, [0.1, 0.3]),
    ],
)
def test_where_to_search_can_be_said_in_several_ways(max_lr: Any, grid: list[float], db: str) -> None:
    study = oracle.search(half, name="s", db=db, **(ONE | {"max_lr": max_lr, "search.widen": 0}))
    assert study.spec.search.max_lr.grid() == grid


def test_a_range_has_as_many_candidates_as_a_grid_usually(db: str) -> None:
    study = oracle.search(half, name="s", db=db, **(ONE | {"max_lr": (1e-5, 1e-2), "search.widen": 0}))
    assert len(study.spec.search.max_lr.grid()) == 12


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"max_lr": 0.1}, "max_lr says where to search"),
        ({"max_lr": (0.4, 0.1)}, "must not be above"),
        ({"command": "true"}, "either a training"),
        ({"rate": 1.5}, "pruning.rate"),
        ({"epochs": 3}, r"is not valid: the study's trials .* do not read epochs; leave it out"),
        ({"optimizer.kind": "adamw", "precision": "bf16"}, "do not read precision and optimizer; leave them out"),
        ({"pruning.criterion": "snip"}, "do not read pruning.criterion"),
        ({"gpus_per_trial": 1.5, "executor": "auto"}, "more than one GPU can only be given whole"),
        ({"budget": 0}, "trial.budget"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(changes: dict[str, Any], said: str, db: str) -> None:
    with pytest.raises(oracle.InputError, match=said):
        oracle.search(half, name="s", db=db, **(ONE | changes))
    assert not Path("scyc.db").exists()


def test_what_is_no_training_is_refused(tmp_path: Path, db: str) -> None:
    def two(a: object, b: object) -> None: ...

    no_trainings: list[Any] = [two, lambda: None, 3]
    for wrong in no_trainings:
        with pytest.raises(oracle.InputError, match="should be a function of one trial"):
            oracle.search(wrong, name="s", db=db, **ONE)
    (tmp_path / "own_nothing.py").write_text("x = 3")
    for name, said in [("own_nothing:x", "no training of your own"), ("own_nothing:y", "has no attribute 'y'")]:
        with pytest.raises(oracle.InputError, match=said):
            oracle.search(name, name="s", db=db, **ONE)


def test_a_section_for_trainings_means_nothing_to_a_workload(db: str) -> None:
    fields: dict[str, Any] = {"trial.budget": 3}
    with pytest.raises(oracle.InputError, match=r"no training of your own, so \[trial\] means nothing"):
        oracle.sweep(SMALL, name="s", db=db, executor="inline", **fields)


def test_a_schedule_that_needs_the_network_is_refused(tmp_path: Path, db: str) -> None:
    own_trainings.spec_of_function(tmp_path, "own_measured")
    study = oracle.search("own_measured:train", name="s", db=db, **(ONE | {"levels": 2, "max_lr": [0.1, 0.2]}))
    with pytest.raises(oracle.InputError, match="which only this program's own training loop can do"):
        study.run(["range-test"], executor="inline")


def test_changed_code_is_refused(tmp_path: Path, db: str) -> None:
    """By this process, which still runs the former code, and by any later one."""
    source = "def train(trial):\n    return {'val': trial.max_lr * %s}\n"
    (tmp_path / "own_changing.py").write_text(source % 2)
    oracle.search("own_changing:train", name="s", db=db, **ONE)
    (tmp_path / "own_changing.py").write_text("# a comment\n" + source % 2)
    study = oracle.Study("s", db)
    study.extend(levels=2, executor="inline", mirror=False)
    (tmp_path / "own_changing.py").write_text(source % 3)
    with pytest.raises(oracle.InputError, match="code has changed on the disk"):
        study.extend(levels=3, executor="inline", mirror=False)
    code = f"import oracle; oracle.Study('s', {db!r}).extend(levels=3, executor='inline', mirror=False)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "this has changed: the module own_changing" in ended.stderr


SCRIPT = """
import math, sys
import oracle
import helper

def loss(trial):
    return helper.STRENGTH * (math.log(trial.max_lr / 0.2) - 0.3 * trial.level) ** 2

def train(trial):
    (trial.out / "weights").write_text("x")
    return {"val": 0.9 - loss(trial)}

study = oracle.search(
    train, name="mine", levels=2, seeds=2, max_lr=[0.1, 0.2, 0.4], db=sys.argv[1], workers=2, mirror=False
)
print(study.status.state, study.curve()["winner"].tolist())
"""


@pytest.mark.slow
def test_a_function_in_a_script_is_trained_by_several_workers(tmp_path: Path, db: str) -> None:
    """Its study cannot be resumed from the command line, which says what to do; the script itself can be run again."""
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "helper.py").write_text("STRENGTH = 0.1")
    for _ in range(2):
        ended = subprocess.run([sys.executable, "script.py", db], capture_output=True, text=True, check=True)
        assert ended.stdout == "finished [0.2, 0.2]\n"
    with pytest.raises(oracle.InputError, match=r"defined in a script.*Run that script or cell again"):
        oracle.Study("mine", db).resume(mirror=False)
    assert oracle.open_study("mine", db).status.state == "finished"


def test_what_a_function_holds_on_to_may_have_to_stay_in_its_process(tmp_path: Path, db: str) -> None:
    with (tmp_path / "open").open("w") as file:

        def train(_trial: oracle.Trial) -> dict[str, float]:
            return {"val": float(not file.closed)}

        with pytest.raises(oracle.InputError, match="cannot be sent to workers"):
            oracle.search(train, name="s", db=db, **(ONE | {"executor": "processes"}))


def test_the_programs_own_protocol_as_a_function_gives_the_same_curve_to_the_bit(db: str) -> None:
    spec = oracle.Spec.model_validate(SMALL)
    protocol = spec.protocol()
    data = protocol.workload.load_data()

    def train(trial: oracle.Trial) -> dict[str, float]:
        parent = rewind = None
        if trial.parent is not None:
            parent = load_checkpoint((trial.parent / "trained").read_bytes())
            rewind = load_snapshot((trial.parent / "rewind").read_bytes())
        trained = run_trial(
            protocol,
            data,
            seed=trial.seed,
            level=trial.level,
            max_lr=trial.max_lr,
            parent=parent,
            rewind_point=rewind,
        )
        for epoch in trained.training.epochs:
            trial.report(epoch.val_accuracy, epoch.epoch)
        (trial.out / "trained").write_bytes(dump_checkpoint(trained.checkpoint))
        early = trained.rewind_point or rewind
        assert early is not None
        (trial.out / "rewind").write_bytes(dump_snapshot(early))
        return {"val": trained.training.val_accuracy, "test": trained.training.test_accuracy}

    options: dict[str, Any] = {"executor": "inline", "mirror": False}
    theirs = oracle.sweep(SMALL, name="built-in", db=db, engine="eager", **options)
    mine = oracle.search(
        train, name="mine", levels=spec.levels, seeds=spec.seeds, max_lr=SMALL["search"]["max_lr"], db=db, **options
        | {"search.widen": spec.search.widen},
    )  # fmt: skip
    for table, columns in (
        ("trials", ["level", "seed", "max_lr", "val", "test"]),
        ("curve", ["winner", "val", "test"]),
    ):
        assert getattr(mine, table)()[columns].equals(getattr(theirs, table)()[columns])


def test_a_training_that_diverges_everywhere_stops_the_study(db: str) -> None:
    with pytest.raises(oracle.StudyStopped):
        oracle.search(lambda _trial: {"val": math.nan}, name="s", db=db, **(ONE | {"levels": 2}))


@pytest.mark.faults
def test_when_the_driver_is_killed_so_are_the_commands_and_nothing_is_lost(tmp_path: Path) -> None:
    spec = own_trainings.spec_of_command(tmp_path, "own_killed")
    (tmp_path / "script.py").write_text(KILLED)
    command = [sys.executable, "script.py", repr(spec)]
    driver = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    given_up = time.monotonic() + 60
    while not running("own_killed.py", tmp_path) and time.monotonic() < given_up:
        time.sleep(0.01)
    driver.kill()
    driver.wait()
    while running("own_killed.py", tmp_path) and time.monotonic() < given_up:
        time.sleep(0.01)
    assert running("own_killed.py", tmp_path) == []
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == repr(own_trainings.reference("command"))


def running(word: str, folder: Path) -> list[int]:
    """Processes that work in a folder, with a word in their command, but for the driver."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = place.joinpath("cmdline").read_bytes().split(b"\0")
            called = any(one.endswith(word.encode()) for one in words)
            if called and place.joinpath("cwd").readlink() == folder:
                found.append(int(place.name))
        except OSError:
            continue
    return found


def test_a_race_in_a_unit_of_ones_own_stops_what_has_no_hope(tmp_path: Path, db: str) -> None:
    """It is judged at the first report after the profile's first drop, and costs are in that unit."""
    million = 10**6

    def train(trial: oracle.Trial) -> dict[str, float]:
        worth = 3.0 + 0.5 * (math.log(trial.max_lr / 0.2) - 0.2 * trial.level) ** 2
        for part in range(8):
            trial.report(worth + 1 / (part + 1), step=part * million)
        return {"val": worth, "test": worth + 0.1, "spent": 8 * million}

    options: dict[str, Any] = ONE | {"levels": 3, "seeds": 3, "max_lr": (0.01, 4.0, 12), "search.budget": 0.6}
    metric = {"name": "perplexity", "goal": "min", "tolerance": 0.02}
    study = oracle.search(
        train, name="s", db=db, method="racing", unit="tokens", budget=8 * million, metric=metric, **options
    )
    assert study.status.state == "finished"
    spending = study.spending()
    assert spending is not None
    assert spending.stopped > 0
    assert spending.unit == "tokens"
    trials = study.trials()
    stopped = trials[trials["state"] == "stopped"]
    assert len(stopped) == spending.stopped
    after = 4 * million + 1  # the first report from the drop at a half on
    whole = 8 * million * (trials["state"] == "complete").sum()
    assert spending.epochs == whole + after * len(stopped)
    assert study.view().cost.epochs == spending.epochs
    assert f"after {after:,} tokens" in study.report().read_text()
    exported = tmp_path / "exported"
    study.export(exported)
    assert oracle.import_study(exported, db=db, name="again").trials()["val"].equals(trials["val"])
