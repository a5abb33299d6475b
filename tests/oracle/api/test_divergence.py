"""Sweeps in which trainings diverge: who wins, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import oracle

if TYPE_CHECKING:
    from pathlib import Path

UNEQUAL: dict[str, Any] = {
    "workload": "npz:unequal.npz/mlp-20",
    "engine": "eager",
    "levels": 2,
    "seeds": [0, 1],
    "epochs": 2,
    "pruning": {"rewind": "learning-rate"},
}


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder with a data set nine tenths of which are of class 0, and whose inputs say nothing."""
    rng = np.random.default_rng(1)
    np.savez(tmp_path / "unequal.npz", x_train=rng.normal(size=(400, 6)), y_train=(rng.random(400) < 0.1).astype(int))
    monkeypatch.setenv("SCYC_DATA", str(tmp_path))
    return f"sqlite:///{tmp_path}/scyc.db"


def swept(db: str, values: list[float], **search: Any) -> oracle.Study:
    given = UNEQUAL | {"search": {"max_lr": {"values": values}, "widen": 2} | search}
    return oracle.sweep(given, name="s", db=db, executor="inline", mirror=False)


def test_networks_of_nan_win_nowhere(db: str) -> None:
    study = swept(db, [0.05, 0.1, 1e7, 1e9])
    curve = study.curve()
    chosen, winners = curve["chosen"].tolist(), curve["winner"].dropna().tolist()
    assert max(chosen) < 1
    assert set(winners) <= set(chosen)
    assert not (curve[["within_high", "paired_high"]] > 1e6).any(axis=None)
    trials = study.trials()
    hot = trials[trials["max_lr"] > 1]
    assert len(hot) == 8
    assert hot["diverged"].all()
    assert set(hot["val"]) == set(hot["test"]) == {0}


def test_where_all_are_nan_the_study_stops_and_says_so(db: str) -> None:
    with pytest.raises(oracle.StudyStopped, match=r"Level 0 cannot be decided: .* Try a smaller max_lr") as stopped:
        swept(db, [1e7, 1e8], widen=0)
    assert "not finite" in str(stopped.value)
    study = oracle.open_study("s", db=db)
    assert study.status.state == "blocked"
    assert len(study.trials()) == 4  # and no more
    assert "cannot be decided: on every candidate" in study.report_html()
    assert study.curve()["winner"].isna().all()
    study.extend(candidates=[0.05], executor="inline", mirror=False)
    assert study.curve()["chosen"].tolist() == [0.05, 0.05]
