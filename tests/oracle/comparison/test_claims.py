"""What is claimed follows from the tables: everything here is worked out again from comparison.json alone."""

from __future__ import annotations

import json
import math
import re
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest
from scipy.stats import t as student
from scipy.stats import ttest_ind

from oracle.comparison import compare_study, to_json
from oracle.study.opening import REPLAYED
from scyc import Constant, ExponentialRamp, Policy, Replay, SCyc
from tests.oracle.simulation import Laboratory, small_spec

Json = dict[str, Any]


@pytest.fixture(scope="module")
def values() -> Json:
    """The comparison of a study of eight levels with runs on three fresh seeds."""
    grid = {"max_lr": {"low": 0.05, "high": 0.8, "count": 9}}
    with Laboratory(small_spec(levels=8, seeds=[0, 1, 2], search=grid), optimum=0.15, growth=1.12) as lab:
        lab.finish()
        policies = {
            REPLAYED: Policy(Replay(tuple(lab.winners()))),
            "constant": Policy(Constant(0.15)),
            "s-cyc": Policy(SCyc(0.15, 0.2)),
            "exponential": Policy(ExponentialRamp(0.15, 0.35, 7)),
        }
        for name, policy in policies.items():
            lab.work(lab.walk(lab.open_walk(policy, name), [1000, 1001, 1002]))
        found: Json = json.loads(json.dumps(to_json(compare_study(lab.store, "s", "within")), allow_nan=False))
        return found


def surface_mean(level: Json, max_lr: float) -> float | None:
    """Interpolate the candidates' means in log max_lr."""
    candidates = level["candidates"]
    for left, right in pairwise(candidates):
        if left["max_lr"] <= max_lr * (1 + 1e-9) and max_lr <= right["max_lr"] * (1 + 1e-9):
            share = math.log(max_lr / left["max_lr"]) / math.log(right["max_lr"] / left["max_lr"])
            accuracy: float = left["mean"] * (1 - share) + right["mean"] * share
            return accuracy
    return None


def cross_fitted(level: Json, max_lr: float) -> float:
    """Judge each seed's test accuracy by the winner that the other seeds' validation accuracies choose."""
    losses = []
    for seed in range(3):
        others = [sum(c["val"]) - c["val"][seed] for c in level["candidates"]]
        winner = level["candidates"][others.index(max(others))]
        candidates = [{"max_lr": c["max_lr"], "mean": c["test"][seed]} for c in level["candidates"]]
        here = surface_mean({"candidates": candidates}, max_lr)
        assert here is not None
        losses.append(winner["test"][seed] - here)
    return float(mean(losses))


def test_hits_and_regrets_on_the_surface(values: Json) -> None:
    for schedule in values["schedules"].values():
        regrets, raw, hits = [], [], 0
        for level, oracle in zip(schedule["levels"], values["levels"], strict=True):
            low, high = oracle["interval"]
            low_open, high_open = oracle["open"]
            hits += (low_open or level["max_lr"] * 1.01 >= low) and (high_open or level["max_lr"] <= high * 1.01)
            here = surface_mean(oracle, level["max_lr"])
            best = surface_mean(oracle, oracle["winner"])
            if here is None or best is None:
                assert level["level"] in schedule["unknown"]
                continue
            raw.append(best - here)
            assert level["raw_regret"] == pytest.approx(best - here, abs=1e-12)
            regrets.append(cross_fitted(oracle, level["max_lr"]))
            assert level["regret"] == pytest.approx(regrets[-1], abs=1e-12)
        assert schedule["hits"] == hits
        if regrets:
            assert schedule["mean_regret"] == pytest.approx(mean(regrets), abs=1e-12)
            assert schedule["mean_raw_regret"] == pytest.approx(mean(raw), abs=1e-12)
            assert f"{100 * mean(regrets):.2f} points of test accuracy lost" in schedule["sentence"]
            assert f"{100 * mean(raw):.2f} points of validation accuracy on" in schedule["sentence"]
        missed = schedule["judged"] - hits
        claim = f"Outside the oracle's interval at {missed} of {schedule['judged']} levels" if missed else "Inside"
        assert schedule["sentence"].startswith(claim)


def test_measured_regrets_and_their_intervals(values: Json) -> None:
    oracle = values["runs"]["oracle"]["levels"]
    for name, run in values["runs"].items():
        by_level = []
        for level, reference in zip(run["levels"], oracle, strict=True):
            pairs = zip(reference["values"], level["values"], strict=True)
            losses = [theirs - ours for theirs, ours in pairs]
            assert level["regret"]["mean"] == pytest.approx(mean(losses), abs=1e-12)
            assert level["mean"]["mean"] == pytest.approx(mean(level["values"]))
            by_level.append(losses)
        by_seed = [mean(losses) for losses in zip(*by_level[1:], strict=True)]  # the dense level is not pruned
        assert run["regret"]["mean"] == pytest.approx(mean(by_seed), abs=1e-12)
        if name != "oracle":
            regret = run["regret"]
            half = student.ppf(0.975, regret["freedom"]) * regret["error"]
            assert [regret["low"], regret["high"]] == pytest.approx([mean(by_seed) - half, mean(by_seed) + half])
            assert regret["p"] == pytest.approx(2 * student.sf(abs(mean(by_seed)) / regret["error"], regret["freedom"]))
            assert regret["freedom"] >= 2
        numbers = [float(number) for number in re.findall(r"-?\d+\.\d\d", run["sentence"])]
        bounds = [run["regret"]["low"], run["regret"]["high"]]
        if run["regret"]["mean"] < 0:
            bounds = [-bounds[1], -bounds[0]]
        told = [abs(run["regret"]["mean"]), *bounds]
        if "As many seeds tell" in run["sentence"]:
            told.append(run["regret"]["told"])
        assert numbers == pytest.approx([100 * value for value in told], abs=0.0051)
        assert ("loses" in run["sentence"]) == (run["regret"]["mean"] >= 0)
        certain = run["regret"]["low"] > 0 or run["regret"]["high"] < 0
        together = run["regret"]["p_together"] is not None and run["regret"]["p_together"] < 0.05
        assert ("none if all schedules are judged together" in run["sentence"]) == (certain and not together)
        assert ("no difference" in run["sentence"]) != certain


def test_the_winners_curse(values: Json) -> None:
    curse, replayed = values["curse"], values["runs"]["oracle"]
    assert curse["held_out"] == pytest.approx(mean(level["chosen"] - level["held_out"] for level in curse["levels"]))
    assert curse["fresh"]["mean"] == pytest.approx(mean(level["test"] - level["fresh"] for level in curse["levels"]))
    assert curse["examples"] == pytest.approx(
        mean(level["lead"] - level["test_lead"] for level in curse["levels"]), abs=1e-12
    )
    assert replayed["fresh"]
    for level, oracle in zip(curse["levels"], values["levels"], strict=True):
        assert level["chosen"] == pytest.approx(surface_mean(oracle, oracle["winner"]))
        rates = [candidate["max_lr"] for candidate in oracle["candidates"]]
        place = rates.index(oracle["winner"])
        beside = [oracle["candidates"][i] for i in (place - 1, place + 1) if 0 <= i < len(rates)]
        for lead, split in (("lead", "val"), ("test_lead", "test")):
            best = mean(oracle["candidates"][place][split])
            assert level[lead] == pytest.approx(best - mean(mean(each[split]) for each in beside), abs=1e-12)
    told = [float(number) for number in re.findall(r"-?\d+\.\d\d", curse["sentence"])]
    fresh = curse["fresh"]
    known = [abs(curse["examples"]), fresh["mean"], fresh["low"], fresh["high"], curse["held_out"]]
    assert told == pytest.approx([100 * value for value in known], abs=0.0051)


def test_cost(values: Json) -> None:
    for run in values["runs"].values():
        assert run["epochs"] == 8 * 2  # of the simulation's two epochs
        assert (
            f"{run['epochs']:,.0f} epochs per seed where the search took {values['search_epochs']:,}" in run["sentence"]
        )


def test_the_fit_is_the_schedule_that_is_printed(values: Json) -> None:
    scope: Json = {}
    exec(values["fit"]["python"], scope)
    assert [scope["schedule"](m) for m in values["fit"]["levels"]] == values["fit"]["max_lr"]
    assert [level["max_lr"] for level in values["schedules"]["fitted"]["levels"]] == values["fit"]["max_lr"]


def test_the_weights_of_the_rivals_follow_from_their_misfits(values: Json) -> None:
    rows, price = values["fit"]["held_out"], math.log(len(values["levels"]))
    free = {"s-cyc": 4, "constant": 1, "linear": 2, "exponential": 2}
    for row in rows:
        rises = sum(high / low > 1 + 1e-6 for low, high in pairwise(row["max_lr"]))
        parameters = free.get(row["family"], 2 + 2 * rises)
        row["score"] = math.exp(-0.5 * (row["misfit"] + price * parameters))
    total = sum(row["score"] for row in rows)
    assert [row["weight"] for row in rows] == pytest.approx([row["score"] / total for row in rows])
    assert f"s-cyc {100 * rows[0]['weight']:.0f} %" in " ".join(values["fit"]["sentences"]) or rows[0]["weight"] < 0.05


def test_what_is_identified_follows_from_the_intervals(values: Json) -> None:
    fit = values["fit"]
    rises = fit["rise"]["low"] > 1
    for name, factor in {"delta": 1.5, "epsilon": 2, "beta": 2}.items():
        (low, high), value = fit["errors"][name], fit["schedule"][name]
        known = value / factor < low and high < factor * value
        assert fit["identified"][name] == (known and (rises or name == "delta"))
    for bands, inside in ((fit["band"], fit["max_lr"]), (fit["target_band"], fit["target"])):
        assert all(low <= value <= high for (low, high), value in zip(bands, inside, strict=True))


def test_welch_is_what_scipy_says() -> None:
    from oracle.comparison.curse import _difference

    chosen, fresh = [[0.9, 0.8, 0.85], [0.7, 0.75, 0.72]], [[0.8, 0.82], [0.71, 0.7]]
    found = _difference(chosen, fresh)
    ours = [mean(seed) for seed in zip(*chosen, strict=True)]
    theirs = [mean(seed) for seed in zip(*fresh, strict=True)]
    interval = ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == (interval.low, interval.high)
