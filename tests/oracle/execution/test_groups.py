"""Which trials travel together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from oracle.execution.groups import Groups
from oracle.execution.messages import MeasureRequest, TrialRequest
from oracle.spec.files import parse_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.execution.messages import Answer, Request


class Source:
    """Hands out what it was given."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self.requests = list(requests)

    gate = None

    @property
    def finished(self) -> bool:
        return not self.requests

    def next(self, most: int = 1) -> list[Request]:
        handed, self.requests = self.requests[:most], self.requests[most:]
        return handed

    def record(self, answers: Sequence[tuple[Request, Answer]], /) -> None:
        raise AssertionError


def trial(number: int, level: int = 0, seed: int = 0) -> TrialRequest:
    return TrialRequest(number, level, seed, 0.1, None, None)


def dealt(requests: Sequence[Request], engine: str, workers: int) -> list[list[Request]]:
    groups, found = Groups(Source(requests), parse_spec({"engine": engine}, "test"), workers), []
    while group := groups.next():
        found.append(group)
    return found


def test_engines_of_one_network_get_one_at_a_time_in_order() -> None:
    requests = [trial(number, seed=number % 3) for number in range(7)]
    for engine in ("auto", "eager", "channels-last"):
        assert dealt(requests, engine, workers=2) == [[request] for request in requests]


def test_one_gpu_gets_all_candidates_of_a_seed_together() -> None:
    requests = [trial(number, seed=number % 3) for number in range(36)]
    assert [len(group) for group in dealt(requests, "graphs", workers=1)] == [12, 12, 12]


def test_a_group_is_no_larger_than_the_engine_trains() -> None:
    assert [len(group) for group in dealt([trial(n) for n in range(150)], "stacked", workers=1)] == [64, 64, 22]


def test_the_last_groups_are_small_so_that_workers_end_together() -> None:
    sizes = [len(group) for group in dealt([trial(number) for number in range(32)], "graphs", workers=4)]
    assert sizes[:4] == [8, 6, 5, 4]
    assert sizes[-4:] == [1, 1, 1, 1]


def test_what_may_have_killed_its_worker_travels_alone() -> None:
    requests = [trial(number) for number in range(12)]
    spec = parse_spec({"engine": "graphs"}, "test")
    groups, found = Groups(Source(requests), spec, 1, alone=lambda request: request in (requests[3], requests[7])), []
    while group := groups.next():
        found.append(group)
    assert sorted(map(len, found)) == [1, 1, 10]
    assert {group[0] for group in found if len(group) == 1} == {requests[3], requests[7]}


def test_what_is_measured_never_travels_with_trials() -> None:
    measured = MeasureRequest("norm-drop", 0, 0, None, None, 7, "{}")
    groups = dealt([trial(1), measured, trial(2)], "graphs", workers=1)
    assert sorted(map(len, groups)) == [1, 2]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=60),
    st.integers(1, 9),
    st.sampled_from(["eager", "graphs", "stacked"]),
)
def test_everything_is_dealt_once_and_groups_share_level_and_seed(
    cells: list[tuple[int, int]], workers: int, engine: str
) -> None:
    requests = [trial(number, level, seed) for number, (level, seed) in enumerate(cells)]
    groups = dealt(requests, engine, workers)
    assert sorted(request.id for group in groups for request in group if isinstance(request, TrialRequest)) == list(
        range(len(requests))
    )
    for group in groups:
        assert len({(request.level, request.seed) for request in group}) == 1
