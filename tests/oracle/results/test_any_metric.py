"""Studies of any metric: the mirror image of an accuracy, a loss, and one whose test values nobody knows."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from oracle.comparison import compare_study
from oracle.comparison import to_json as comparison_json
from oracle.execution.messages import Outcome, Stopped, TrialRequest
from oracle.report.comparison.page import render as comparison_page
from oracle.report.figures import plates
from oracle.report.page import render
from oracle.results.plain import to_json
from oracle.results.spending import spending_of
from oracle.results.study_view import view_study
from oracle.study.checking import broken_rule
from oracle.study.export import read_export, write_export
from oracle.study.opening import REPLAYED
from scyc import Constant, Policy, Replay
from studies import Store
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from oracle.execution.messages import Answer, Request
    from oracle.spec.model import Spec

FRESH = (1000, 1007, 1014)
MIRROR = {"name": "mirrored", "goal": "min", "tolerance": 0.005, "format": "percent", "digits": 1}
PERPLEXITY = {"name": "perplexity", "goal": "min", "tolerance": 0.1}
GRID = {"values": [0.05, 0.1, 0.2, 0.4]}


def perplexity(accuracy: float) -> float:
    return 20 * (1.9 - accuracy)  # a tolerance of 0.1 is half a point of this accuracy


@dataclass(eq=False)
class Measuring(Laboratory):
    """A laboratory whose trials are measured by another metric: a function of their accuracy, or None.

    Attributes:
        val: of the validation accuracy.
        test: of the test accuracy.
    """

    def __init__(
        self, spec: Spec, val: Callable[[float], float | None], test: Callable[[float], float | None], **rest: Any
    ) -> None:
        super().__init__(spec, **rest)
        self.val, self.test = val, test

    def answer(self, request: Request) -> Answer:
        """Make up an answer."""
        stop = None
        if isinstance(request, TrialRequest):  # its rule asks for a score of the metric
            request, stop = replace(request, stop=None), request.stop
        answer = super().answer(request)
        if not isinstance(answer, Outcome):
            return answer
        result, lost = answer.result, answer.result.val_loss is None
        epochs = tuple(replace(one, val=self._of(one.val, self.val, lost=lost)) for one in result.epochs)
        if stop is not None and self.spec.metric.score(epochs[stop.epoch].val or math.inf) < stop.below:
            return Stopped(epochs[: stop.epoch + 1], 0.5)
        val, test = self._of(result.val, self.val, lost=lost), self._of(result.test, self.test, lost=lost)
        return replace(answer, result=replace(result, val=val, test=test, epochs=epochs))

    def _of(self, accuracy: float | None, metric: Callable[[float], float | None], *, lost: bool) -> float | None:
        return None if lost and self.spec.metric.worst is None else metric(accuracy or 0.0)


def studied(spec: Spec, val: Callable[[float], float | None], test: Callable[[float], float | None]) -> Measuring:
    """A finished study with two schedules trained on fresh seeds."""
    lab = Measuring(spec, val, test, optimum=0.12, growth=1.3)
    lab.finish()
    policies = {
        REPLAYED: Policy(Replay(tuple(lab.winners()))),
        "constant": Policy(Constant(0.1)),
        "high": Policy(Constant(0.4)),
    }
    for name, policy in policies.items():
        lab.work(lab.walk(lab.open_walk(policy, name), FRESH))
    return lab


def spec_of(metric: dict[str, Any] | None, **fields: Any) -> Spec:
    fields = {"levels": 4, "seeds": [0, 7, 9], "search": {"max_lr": GRID}} | fields
    return small_spec(**fields, **({"metric": metric} if metric else {}))


def shown(lab: Laboratory) -> tuple[Any, Any]:
    """What is printed as JSON, without what names the study's metric and what stopwatches and hashes say."""
    view = view_study(lab.store, "s")
    sweep, comparison = to_json(view, spending_of(lab.store, view)), comparison_json(compare_study(lab.store, "s"))
    for each in (sweep, comparison):
        del each["metric"]
    for name in ("spec", "provenance"):
        del sweep[name]
    return json.loads(json.dumps(sweep, allow_nan=False)), json.loads(json.dumps(comparison, allow_nan=False))


VALUES = {"val", "test", "mean", "values", "chosen", "held_out", "fresh"}
SENTENCES = {"sentence", "sentences", "notes"}


def mirrored(value: Any, key: str = "", *, inside: bool = False) -> Any:
    """The mirror image: values negated, bounds of values swapped, differences and everything else as they are."""
    if isinstance(value, dict):
        if key == "mean" and set(value) == {"mean", "low", "high"}:
            return {
                "mean": mirrored(value["mean"], "mean"),
                "low": negated(value["high"]),
                "high": negated(value["low"]),
            }
        differences = {"regret", "model_regret", "curse", "fresh"} & {key}
        found = {}
        for name, inner in value.items():
            if name in SENTENCES:
                continue
            is_value = name in VALUES and not differences and not (inside and name == "mean")
            found[name] = mirrored(inner, name if is_value else f"-{name}", inside=bool(differences))
        return found
    if isinstance(value, list):
        return [mirrored(inner, key, inside=inside) for inner in value]
    return negated(value) if key in VALUES else value


def negated(value: Any) -> Any:
    return -value if isinstance(value, float | int) and not isinstance(value, bool) else value


@pytest.mark.parametrize(
    "fields", [{}, {"search": {"method": "racing", "budget": 1.0, "max_lr": {"low": 0.02, "high": 0.8, "count": 8}}}]
)
def test_the_mirror_image_of_a_study_has_the_mirror_image_of_every_number(fields: dict[str, Any]) -> None:
    accuracies = studied(spec_of(None, **fields), lambda a: a, lambda a: a)
    negatives = studied(spec_of(MIRROR, **fields), lambda a: -a, lambda a: -a)
    with accuracies, negatives:
        assert negatives.winners() == accuracies.winners()
        (sweep, comparison), (its_sweep, its_comparison) = shown(accuracies), shown(negatives)
        for level in (*sweep["levels"], *its_sweep["levels"]):
            for trial in level["trials"]:
                del trial["id"]
        assert mirrored(sweep["levels"]) == mirrored(mirrored(mirrored(sweep["levels"])))
        assert its_sweep["levels"] == mirrored(sweep["levels"], "-levels")
        assert its_sweep["cost"] == sweep["cost"]
        for name, runs in comparison["runs"].items():
            its = its_comparison["runs"][name]
            for level, other in zip(runs["levels"], its["levels"], strict=True):
                assert other["values"] == [-value for value in level["values"]]
                assert other["mean"]["mean"] == -level["mean"]["mean"]
                assert (other["mean"]["low"], other["mean"]["high"]) == (-level["mean"]["high"], -level["mean"]["low"])
                assert other["regret"] == level["regret"]
            assert its["regret"] == runs["regret"]
        for name, verdict in comparison["schedules"].items():
            its = its_comparison["schedules"][name]
            assert {k: v for k, v in its.items() if k != "sentence"} == {
                k: v for k, v in verdict.items() if k != "sentence"
            }
        for level, other in zip(comparison["levels"], its_comparison["levels"], strict=True):
            assert [other[k] for k in ("winner", "interval", "open", "gaps")] == [
                level[k] for k in ("winner", "interval", "open", "gaps")
            ]
            assert [c["mean"] for c in other["candidates"]] == [-c["mean"] for c in level["candidates"]]
        assert its_comparison["fit"] == comparison["fit"]
        for level, other in zip(comparison["curse"]["levels"], its_comparison["curse"]["levels"], strict=True):
            assert [other[k] for k in ("chosen", "held_out", "test", "fresh")] == [
                -level[k] for k in ("chosen", "held_out", "test", "fresh")
            ]
            assert [other[k] for k in ("lead", "test_lead")] == [level[k] for k in ("lead", "test_lead")]


@pytest.fixture(scope="module")
def in_words() -> Iterator[Measuring]:
    with studied(spec_of(PERPLEXITY), perplexity, lambda a: perplexity(a - 0.01)) as lab:
        yield lab


class TestPerplexity:
    def test_it_chooses_as_an_accuracy_that_is_worth_as_much(self, in_words: Measuring) -> None:
        with studied(spec_of(None), lambda a: a, lambda a: a - 0.01) as accuracies:
            assert in_words.winners() == accuracies.winners()
            views = [view_study(lab.store, "s") for lab in (in_words, accuracies)]
            for level, other in zip(views[0].levels, views[1].levels, strict=True):
                for rule, interval in level.intervals.items():
                    theirs = other.intervals[rule]
                    assert interval is not None
                    assert theirs is not None
                    assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high), rel=1e-6)
            best, others = (view.best.levels for view in views)
            for number, level_best in best.items():
                assert level_best.best == pytest.approx(others[number].best, rel=1e-6)
                assert level_best.difference == pytest.approx(20 * others[number].difference, rel=1e-6)

    def test_its_values_are_kept_in_its_own_units(self, in_words: Measuring) -> None:
        level = view_study(in_words.store, "s").levels[0]
        assert level.winning is not None
        vals = {c.max_lr: c.val for c in level.candidates}
        assert all(val is not None and 19 < val < 30 for val in vals.values())
        assert level.winner == min(vals, key=lambda rate: vals[rate] or 0.0)

    def test_it_is_told_in_its_own_words(self, in_words: Measuring) -> None:
        comparison = compare_study(in_words.store, "s")
        verdict, run = comparison.verdicts["high"], comparison.runs["high"]
        assert (
            f"a test perplexity {verdict.mean_regret:.2f} higher on average than with the winners" in verdict.sentence
        )
        assert "Within 0.1 of the best" in verdict.sentence
        assert run.regret is not None
        assert f"it has a test perplexity {run.regret.mean:.2f} higher than the oracle's curve" in run.sentence
        assert comparison.curse is not None
        assert "their test perplexity is" in comparison.curse.sentence
        view = view_study(in_words.store, "s")
        for page in (render(view), comparison_page(comparison, view)):
            read = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
            assert "validation perplexity" in read
            assert not re.findall(r"[Aa]ccurac\w+|\d points", read)

    def test_the_best_is_the_brightest(self, in_words: Measuring) -> None:
        figure = plates(view_study(in_words.store, "s"))["heatmap"].figure
        assert figure is not None
        colours = figure["layout"]["coloraxis"]
        assert colours["reversescale"]
        best = min(z for trace in figure["data"] if trace["type"] == "heatmap" for [z] in trace["z"] if z is not None)
        assert colours["cmin"] == best < colours["cmax"]


@pytest.mark.parametrize("metric", [None, PERPLEXITY])
def test_a_study_whose_test_values_are_unknown_is_complete(metric: dict[str, Any] | None, tmp_path: Path) -> None:
    with studied(spec_of(metric), perplexity if metric else lambda a: a, lambda _: None) as lab:
        view, comparison = view_study(lab.store, "s"), compare_study(lab.store, "s")
        assert all(level.winning and level.winning.val and level.winning.test is None for level in view.levels)
        assert {run.judged_on for run in comparison.runs.values()} == {"validation"}
        assert comparison.runs["high"].regret is not None
        assert comparison.runs["high"].regret.mean > 0
        name = metric["name"] if metric else "accuracy"
        assert f"validation {name}" in comparison.verdicts["high"].sentence
        assert f"test {name}" not in comparison.verdicts["high"].sentence + comparison.runs["high"].sentence
        assert all(row["test"] is None for level in to_json(view)["levels"] for row in level["trials"])
        assert render(view)
        assert comparison_page(comparison, view)
        tables = lab.store.dump_study("s")
        assert broken_rule(tables) is None
        write_export(tables, tmp_path / "export", "csv")
        with Store.open(f"sqlite:///{tmp_path}/other.db") as other:
            other.load_study(read_export(tmp_path / "export"))
            assert to_json(view_study(other, "s"))["levels"] is not None
            assert compare_study(other, "s").runs["high"].regret == comparison.runs["high"].regret


def test_what_is_not_finite_is_the_worst_of_its_level() -> None:
    spec = spec_of(PERPLEXITY)
    with Measuring(spec, perplexity, perplexity, optimum=0.12, ceiling=0.3) as lab:
        lab.finish()
        view = view_study(lab.store, "s")
        assert 0.4 not in lab.winners()
        for level in view.levels:
            lost = next(candidate for candidate in level.candidates if candidate.max_lr == 0.4)
            assert (lost.val, lost.test, lost.diverged) == (None, None, 3)
            worst = min(score for rate, scores in level.scores.items() if rate != 0.4 for score in scores)
            assert set(level.scores[0.4]) == {worst}
        json.dumps(to_json(view), allow_nan=False)
        assert render(view)
        assert broken_rule(lab.store.dump_study("s")) is None


def test_values_that_no_accuracy_has_are_refused() -> None:
    with Measuring(spec_of(None), lambda a: a, lambda a: a) as lab:
        tables = lab.finish().store.dump_study("s")
        tables["trials"][0]["val"] = 1.5
        assert broken_rule(tables) == f"trial {tables['trials'][0]['id']} has a val of 1.5, which no accuracy is"
