"""Several methods on several choices of the seeds."""

from __future__ import annotations

from typing import Any

import pytest

from oracle.replaying import method_spec, orders_of, replay
from scyc import InputError
from tests.oracle.replaying.studies import SEEDS, made_up, real


def test_choices_are_distinct_the_same_every_time_and_start_as_recorded() -> None:
    orders = orders_of(real(), 3, 6)
    assert orders == orders_of(real(), 3, 6)
    assert len(set(orders)) == 6
    assert orders[0] == (0, 1, 2)
    assert len(set(map(frozenset, orders_of(real(), 3, 30)))) == 30
    assert all(len(set(order)) == 3 for order in orders)
    assert orders_of(made_up())[0] == tuple(SEEDS[:3])


def test_there_are_no_more_choices_than_orders() -> None:
    assert sorted(orders_of(made_up(), 1, 100)) == [(0,), (2,), (4,), (9,)]
    assert len(orders_of(made_up(), 3, 12)) == 12 > 4  # ways to choose three of four seeds
    with pytest.raises(InputError, match="has 4 seeds, but 5 are asked for"):
        orders_of(made_up(), 5)


def test_spreads_are_over_all_choices() -> None:
    specs = {method: method_spec(made_up(), method, {"search.max_lr.count": 3}) for method in ("grid", "qmc")}
    grid, qmc = replay(made_up(), specs, orders_of(made_up(), 2, 3), workers=2)
    assert (grid.name, qmc.name) == ("grid", "qmc")
    for one in (grid, qmc):
        regrets = [sum(judged.test_regret) / 4 for judged in one.judgements]
        spread = one.spreads["test_regret"]
        assert spread is not None
        assert (spread.low, spread.high) == (min(regrets), max(regrets))
        assert spread.mean == pytest.approx(sum(regrets) / 3)
        share = one.spreads["share"]
        assert share is not None
        assert share.mean == pytest.approx(3 / 5)
    whole = replay(made_up(), {"grid": specs["grid"]}, [tuple(SEEDS)])[0]
    assert whole.spreads["test_regret"] is None


def test_a_sampler_searches_the_range_of_listed_candidates() -> None:
    values = type(made_up())(**(vars(made_up()) | {"spec": method_spec(made_up(), "grid", LISTED)}))
    spec = method_spec(values, "tpe")
    assert (spec.search.max_lr.low, spec.search.max_lr.high, spec.search.max_lr.count) == (0.05, 0.8, 5)


LISTED: dict[str, Any] = {"search.max_lr": {"values": [0.05, 0.1, 0.2, 0.4, 0.8]}}


@pytest.mark.parametrize(
    ("method", "fields", "words"),
    [
        ("nonsense", {}, "no search method 'nonsense'; choose one of grid, racing, tpe"),
        ("grid", {"epochs": 3}, r"only fields of \[search\] can change, and not epochs"),
        ("grid", {"search.bath": 3}, "a replay of 'grid'.*search.bath"),
        ("tpe", {"search.max_lr": {"values": [0.1]}}, "needs max_lr.low below max_lr.high"),
    ],
)
def test_what_is_no_method_is_refused(method: str, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        method_spec(made_up(), method, fields)
