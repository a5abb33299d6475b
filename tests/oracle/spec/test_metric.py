"""The metric of a study: what is usual for its name, its scores, and how it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from oracle.spec.files import load_spec, parse_spec
from oracle.spec.metric import ACCURACY, MetricSpec
from scyc import InputError

LOSS = MetricSpec("loss")
PERPLEXITY = oracle.Metric("perplexity", goal="min", tolerance=0.1)


def test_accuracy_is_left_out_of_what_earlier_versions_read() -> None:
    plain, said = load_spec(), load_spec(None, ["metric.name=accuracy", "metric.tolerance=0.005"])
    assert said == plain
    assert (said.hash, said.trial_hash) == (plain.hash, plain.trial_hash)
    assert "metric" not in plain.to_dict()


def test_another_metric_is_another_study() -> None:
    plain, loss = load_spec(), load_spec(None, ["metric.name=loss"])
    assert loss.metric == LOSS == MetricSpec(name="loss", goal="min", tolerance=0.01, format="plain", digits=3)
    assert loss.hash != plain.hash
    assert loss.trial_hash != plain.trial_hash
    assert parse_spec(loss.to_dict(), "again") == loss


def test_how_it_judges_changes_no_trial() -> None:
    loss, strict = (
        load_spec(None, ["metric.name=loss"]),
        load_spec(None, ["metric.name=loss", "metric.tolerance=0.001"]),
    )
    assert loss.hash != strict.hash
    assert loss.trial_hash == strict.trial_hash
    assert load_spec(None, ["metric.tolerance=0.01"]).trial_hash == load_spec().trial_hash


@pytest.mark.parametrize(
    ("metric", "fault"),
    [
        ({"name": "perplexity"}, "the metric 'perplexity' needs a goal and a tolerance"),
        ({"name": "perplexity", "goal": "min"}, "needs a tolerance"),
        ({"name": "loss", "goal": "max"}, 'the goal of loss is "min"'),
        ({"goal": "min"}, 'the goal of accuracy is "max"'),
        ({"tolerance": 0.0}, "metric.tolerance should be above 0"),
        ({"name": "f1", "goal": "max", "tolerance": "much"}, "metric.tolerance"),
    ],
)
def test_what_is_no_metric_is_refused(metric: dict[str, object], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        parse_spec({"metric": metric}, "test")


@given(st.floats(allow_nan=False))
def test_scores_are_better_when_they_are_higher(value: float) -> None:
    for metric in (ACCURACY, LOSS):
        assert metric.value(metric.score(value)) == value
    assert LOSS.score(value) == -value


def test_a_metric_without_percent_counts_in_its_tolerance() -> None:
    assert (ACCURACY.scale, MetricSpec("accuracy", tolerance=0.02).scale) == (1.0, 1.0)
    assert pytest.approx(20) == PERPLEXITY.scale
    assert (ACCURACY.worst, LOSS.worst, PERPLEXITY.worst) == (0.0, None, None)
    assert LOSS.score(0.3) <= LOSS.bounds[1] < LOSS.score(-0.1)


def test_numbers_are_written_in_the_units_of_the_metric() -> None:
    assert [m.write(v) for m, v in ((ACCURACY, 0.70449), (LOSS, 0.70449), (PERPLEXITY, 18.349))] == [
        "70.4\u202f%",
        "0.704",
        "18.35",
    ]
    assert ACCURACY.write(0.70449, more=1, space="") == "70.45%"
    assert LOSS.write(-0.25) == "−0.250"
    assert LOSS.write(None) == "–"
    assert [m.difference(0.0042) for m in (ACCURACY, LOSS)] == ["0.42 points", "0.004"]
    assert [m.amount(m.tolerance) for m in (ACCURACY, LOSS, PERPLEXITY)] == ["0.5 points", "0.01", "0.1"]
    assert [m.most(0.00521) for m in (ACCURACY, LOSS)] == ["0.6", "0.006"]


def test_worse_has_a_direction() -> None:
    assert PERPLEXITY.worse(0.25, "test") == "a test perplexity 0.25 higher"
    assert PERPLEXITY.worse(-0.25, "test") == "a test perplexity 0.25 lower"
    assert MetricSpec("reward", goal="max", tolerance=1.0).worse(2.0, "validation") == "a validation reward 2.0 lower"
