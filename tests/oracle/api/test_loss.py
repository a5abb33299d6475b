"""A study that is judged by the loss, from the sweep to the export; and metrics that its workload does not know."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest

import oracle
from oracle.comparison import to_json
from oracle.execution.messages import Outcome, Stopped, TrialRequest
from oracle.execution.network_worker import NetworkWorker
from oracle.spec.files import parse_spec
from scyc import InputError, StopRule
from studies import Artifacts
from tests.oracle.api.conftest import SMALL

if TYPE_CHECKING:
    from pathlib import Path

    from oracle import Study


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("loss")
    spec = SMALL | {"metric": {"name": "loss"}, "epochs": 2}
    study = oracle.sweep(spec, name="low", db=f"sqlite:///{folder}/scyc.db", executor="inline")
    study.run(["constant"], executor="inline")
    return study


def test_the_winner_has_the_lowest_loss(judged: Study) -> None:
    trials = judged.trials()
    trials = trials[trials.run == "oracle"]
    assert (trials.val == trials.val_loss).all()
    assert (trials.test == trials.test_loss).all()
    for level, winner in zip(judged.curve().level, judged.curve().winner, strict=True):
        means = trials[trials.level == level].groupby("max_lr").val.mean()
        assert winner == means.idxmin()
    epochs = judged.epochs()
    assert (epochs.val == epochs.val_loss).all()
    assert set(epochs.step) == {0, 1}


def test_it_is_told_in_losses(judged: Study, tmp_path: Path) -> None:
    comparison = judged.compare()
    assert comparison.tolerance == 0.01
    assert "Within 0.01 of the best" in comparison.verdicts["constant"].sentence
    values = to_json(comparison)
    assert values["metric"]["goal"] == "min"
    means = {c["max_lr"]: c["mean"] for c in values["levels"][0]["candidates"]}
    assert values["levels"][0]["winner"] == min(means, key=means.__getitem__)
    assert all(mean > 0 for mean in means.values())
    judged.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Mean validation loss over the seeds" in page


def test_it_travels(judged: Study, tmp_path: Path) -> None:
    judged.export(tmp_path / "export", "parquet")
    again = oracle.import_study(tmp_path / "export", db=f"sqlite:///{tmp_path}/other.db")
    assert math.isclose(again.compare().levels[0].scores[0.2][0], judged.compare().levels[0].scores[0.2][0])
    assert json.dumps(again.to_json()["levels"]) == json.dumps(judged.to_json()["levels"])


def test_a_training_is_stopped_by_its_loss() -> None:
    worker = NetworkWorker(
        parse_spec(SMALL | {"metric": {"name": "loss"}, "epochs": 2}, "test"), Artifacts("memory://loss")
    )
    rules = [StopRule(0, -1e-9), StopRule(0, -100.0)]  # scores: the loss with a minus sign
    requests = [TrialRequest(i, 0, 0, 0.2, None, None, stop=rule) for i, rule in enumerate(rules)]
    stopped, kept = worker.attempt(requests)
    assert isinstance(stopped, Stopped)
    assert [(point.step, point.val) for point in stopped.epochs] == [(0, stopped.epochs[0].val_loss)]
    assert isinstance(kept, Outcome)
    assert (kept.result.val, kept.result.test) == (kept.result.val_loss, kept.result.test_loss)


def test_another_metric_is_refused_before_any_work(tmp_path: Path) -> None:
    metric = {"name": "perplexity", "goal": "min", "tolerance": 0.1}
    with pytest.raises(InputError, match="cannot be judged by perplexity: a built-in training knows its accuracy and"):
        oracle.sweep(SMALL | {"metric": metric}, name="p", db=f"sqlite:///{tmp_path}/scyc.db", executor="inline")


def test_it_is_replayed_by_its_losses(judged: Study) -> None:
    recording = judged.recording()
    trials = judged.trials()
    lowest = trials[trials.run == "oracle"].val.min()
    assert recording.validation.max() == -lowest
    assert recording.examples == 0
    table = oracle.replay("low", ["grid", "random"], db=judged.db, orders=2)
    assert (table.decided == 1).all()
    assert (table.validation_regret >= 0).all()
