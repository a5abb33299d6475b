"""Replays of studies that are judged by something else than an accuracy, and of trainings of the user's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from oracle.execution.inline import InlineExecutor
from oracle.replaying import Recording, method_spec, orders_of, replay
from oracle.testing import own_trainings, sweeps
from scyc import InputError
from tests.oracle.results.test_any_metric import MIRROR, PERPLEXITY, Measuring, perplexity, spec_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIELDS: dict[str, Any] = {
    "seeds": [0, 7, 9, 11],
    "epochs": 3,
    "search": {"max_lr": {"low": 0.05, "high": 0.8, "count": 6}, "widen": 0},
}


def recorded(metric: dict[str, Any] | None, val: Callable[[float], float | None], **fields: Any) -> Recording:
    with Measuring(spec_of(metric, **(FIELDS | fields)), val, val, optimum=0.12, growth=1.3) as lab:
        return Recording.from_study(lab.finish().store, "s")


@pytest.mark.parametrize("method", ["racing", "tpe", "random"])
def test_a_mirrored_study_is_replayed_to_the_same_numbers(method: str) -> None:
    accuracies, mirrored = recorded(None, lambda a: a), recorded(MIRROR, lambda a: -a)
    assert np.array_equal(accuracies.validation, mirrored.validation)
    found = [
        replay(one, {method: method_spec(one, method)}, orders_of(one, 3, 2))[0].judgements
        for one in (replace(accuracies, answers=accuracies.answers[..., :0], examples=0), mirrored)
    ]
    assert found[0] == found[1]


def test_regrets_are_in_the_metrics_own_units() -> None:
    accuracies, perplexities = recorded(None, lambda a: a), recorded(PERPLEXITY, perplexity)
    for method in ("racing", "random"):
        points, units = (
            replay(one, {method: method_spec(one, method)}, orders_of(one, 3, 1))[0].judgements[0]
            for one in (replace(accuracies, answers=accuracies.answers[..., :0], examples=0), perplexities)
        )
        assert units.epochs == points.epochs
        assert units.validation_regret == pytest.approx([0.2 * one for one in points.validation_regret])


def test_without_test_values_there_is_no_regret_on_them() -> None:
    recording = recorded(PERPLEXITY, perplexity)
    unknown = replace(recording, test=np.full_like(recording.test, np.nan))
    [judged] = replay(unknown, {"random": method_spec(unknown, "random")}, orders_of(unknown, 3, 1))[0].judgements
    assert judged.test_regret == ()
    assert len(judged.validation_regret) == recording.levels


def own(folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, source: str = own_trainings.SOURCE) -> Recording:
    """The recording of a study whose trials are a function of the user's."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    given = own_trainings.spec_of_function(folder, module) | {"seeds": [0, 1, 2]}
    (folder / f"{module}.py").write_text(source)
    run, store = sweeps.sweep(InlineExecutor(), given, folder)
    with store:
        assert run.complete
        return Recording.from_study(store, "small")


def test_trainings_of_the_users_are_replayed_by_what_they_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = own(tmp_path, monkeypatch, "replayed", own_trainings.SOURCE.replace("step=step,", "step=10 * step,"))
    assert recording.steps.tolist() == [0, 10, 20, 30]
    recording.save(tmp_path / "own.npz")
    assert Recording.load(tmp_path / "own.npz").steps.tolist() == [0, 10, 20, 30]
    for method in ("grid", "racing", "random"):
        [judged] = replay(recording, {method: method_spec(recording, method)}, orders_of(recording, 2, 1))[0].judgements
        assert judged.decided == 1
        assert judged.epochs == 4 * judged.trainings or method == "racing"


def test_trainings_that_report_where_they_like_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wandering = own_trainings.SOURCE.replace("step=step,", "step=step + trial.seed,")
    with pytest.raises(InputError, match="do not all report at the same steps"):
        own(tmp_path, monkeypatch, "wandering", wandering)
