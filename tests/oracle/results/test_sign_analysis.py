"""Signs and masks along a study's levels: made-up weights, whose numbers are worked out by hand."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest
import torch

from oracle.execution.checkpoints import dump_checkpoint, dump_snapshot
from oracle.results.sign_analysis import analyse, to_json
from oracle.spec.files import parse_spec
from oracle.study.opening import ORACLE, open_study
from scyc import Constant, InputError, policy_to_dict
from scyc.policies import Policy
from scyc.protocol import Checkpoint
from scyc.pruning import Masks
from scyc.training.result import Snapshot
from studies import Artifacts, FinishedTrial, NewCheckpoint, NewTrial, Store, StudyNotFound, TrialResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from studies import StudyRecord

EARLY = {0: (1, 1, 1, -1), 7: (1, 1, 1, 1)}
TRAINED = {  # by seed and level; zeros are pruned
    0: [(1, 1, -1, -1), (-1, 1, 0, -1)],
    7: [(1, 1, 1, 1), (1, 0, -1, -1)],
}


class Made:
    """A study of two levels and two seeds, whose weights are the ones above."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.artifacts = store, Artifacts(str(folder))
        self.spec = parse_spec(
            {"levels": 2, "seeds": [0, 7], "pruning": {"rate": 0.25}, "search": {"max_lr": {"values": [0.1, 0.2]}}},
            "test",
        )
        self.study: StudyRecord = open_study(store, "s", self.spec, self.artifacts.url)
        self.hashes: dict[tuple[int, int], str] = {}

    def walk(self, run: str, seeds: tuple[int, ...] = (0, 7), levels: int = 2) -> int:
        policy = None if run == ORACLE else policy_to_dict(Policy(Constant(0.2)))
        run_id = self.store.open_run(self.study.id, run, policy).id
        parents: dict[int, str | None] = dict.fromkeys(seeds)
        for level in range(levels):
            for seed in seeds:
                parents[seed] = self._train(run_id, level, seed, parents[seed])
            if run == ORACLE:
                self.store.decide_level(run_id, level, 0.75**level, 0.2, False)
        return run_id

    def _train(self, run_id: int, level: int, seed: int, parent: str | None) -> str:
        weights = torch.tensor([float(weight) for weight in TRAINED[seed][level]])
        early = {"w": torch.tensor([float(weight) for weight in EARLY[seed]]), "seed": torch.tensor(seed)}
        state = {"w": weights, "seed": torch.tensor(seed)}
        saved = [self._put(dump_checkpoint(Checkpoint(state, Masks({"w": weights != 0}))), parent)]
        rewind = self.artifacts.put(dump_snapshot(Snapshot(early))) if level == 0 else None
        new = NewTrial(level, seed, 0.2, parent, 0, self.spec.trial_hash)
        [trial] = self.store.add_trials(run_id, [new])
        result = TrialResult(0.5, 0.5, 1.0, 1.0, 1.0, False, 0.75**level, 1.0, saved[0].hash, rewind, ())
        self.store.finish_trials([FinishedTrial(trial.id, result, saved)])
        self.hashes[seed, level] = saved[0].hash
        return saved[0].hash

    def _put(self, data: bytes, parent: str | None) -> NewCheckpoint:
        return NewCheckpoint(self.artifacts.put(data), "trained", len(data), parent)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    with Store.open("sqlite://") as store:
        yield Made(store, tmp_path)


@pytest.mark.parametrize("run", [ORACLE, "constant", "oracle-replayed"])
def test_by_hand(made: Made, run: str) -> None:
    made.walk(run)
    found = analyse(made.store, "s", run)
    dense, pruned = found.levels
    assert (found.study, found.run, found.notes) == ("s", run, ())
    assert (dense.density, pruned.density) == (1, 0.75)
    assert pruned.max_lrs == {0: 0.2, 7: 0.2}
    assert dense.signs.keys() == {"dense", "rewind"}
    assert dense.signs["dense"].by_seed == {0: 1, 7: 1}
    assert dense.signs["rewind"].by_seed == {0: 0.75, 7: 1}
    assert dense.overlap is not None
    assert dense.overlap.jaccard == dense.overlap.chance == 1
    # Seed 0 keeps weights 0, 1, 3 and flips the first; seed 7 keeps 0, 2, 3 and flips the last two.
    assert pruned.signs["previous"].by_seed == {0: 2 / 3, 7: 1 / 3}
    assert pruned.signs["dense"] == pruned.signs["previous"]
    assert pruned.signs["rewind"].by_seed == {0: 2 / 3, 7: 1 / 3}
    assert pruned.signs["dense"].mean == 0.5
    assert pruned.signs["dense"].layers == {"w": 0.5}
    assert pruned.overlap is not None
    assert pruned.overlap.jaccard == 0.5
    assert pruned.overlap.chance == pruned.overlap.layer_chance == pytest.approx(0.75 / 1.25)
    values = json.loads(json.dumps(to_json(found), allow_nan=False))
    assert values["levels"][1]["signs"]["previous"] == {
        "mean": 0.5,
        "by_seed": {"0": 2 / 3, "7": 1 / 3},
        "layers": {"w": 0.5},
    }


def test_one_seed_has_nothing_to_overlap_with(made: Made) -> None:
    made.walk("constant", (7,))
    assert all(level.overlap is None for level in analyse(made.store, "s", "constant").levels)


def test_seeds_that_are_behind_are_said_to_be(made: Made) -> None:
    made.walk("constant", (0,), levels=1)
    made.walk("constant", (7,))
    found = analyse(made.store, "s", "constant")
    assert list(found.levels[1].signs["dense"].by_seed) == [7]
    assert found.notes == ("Some seeds have not reached the last level (0); the last means are over fewer seeds.",)


def test_a_diverged_network_agrees_with_nothing(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRAINED, 7, [(1, 1, 1, 1), (math.nan,) * 4])
    made.walk(ORACLE)
    assert analyse(made.store, "s").levels[1].signs["dense"].by_seed[7] == 0


def test_weights_that_are_gone_are_named(made: Made) -> None:
    made.walk(ORACLE)
    made.artifacts.delete(made.hashes[7, 1])
    with pytest.raises(InputError, match="no longer has the trained weights of oracle at level 1, seed 7, so"):
        analyse(made.store, "s")


def test_what_is_not_there_is_refused(made: Made) -> None:
    with pytest.raises(InputError, match="has not decided a level yet"):
        analyse(made.store, "s")
    with pytest.raises(InputError, match="no run 'nonsense' with a finished trial; choose one of oracle,"):
        analyse(made.store, "s", "nonsense")
    with pytest.raises(StudyNotFound):
        analyse(made.store, "t")
