"""How busy workers were: by level, with levels that overlap and nights in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from oracle.execution.messages import Outcome, begun_at
from oracle.report.page import render
from oracle.results.busy import BusyTime, busy_times
from oracle.results.plain import to_json
from oracle.results.spending import spending_of
from oracle.results.study_view import view_study
from oracle.testing.records import MACHINE
from studies import StartRecord, TrialRecord
from tests.oracle.simulation import Laboratory, small_spec

if TYPE_CHECKING:
    from typing import Any

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def times(workers: int, *turns: tuple[int, float, float]) -> dict[int, BusyTime]:
    """Return how busy so many workers were, given levels, starts and ends."""
    trials, starts = [], {}
    for number, (level, start, end) in enumerate(turns):
        finished = NOON + timedelta(seconds=end)
        trials.append(TrialRecord(number, 1, level, 0, 0.1, None, 0, "complete", None, None, NOON, finished))
        starts[number] = StartRecord(NOON + timedelta(seconds=start), workers)
    return busy_times(trials, starts)


def test_who_waits_for_the_other() -> None:
    assert times(2, (0, 0, 10), (0, 0, 6)) == {0: BusyTime(16, 4)}
    assert times(2, (0, 0, 10), (0, 0, 6))[0].share == pytest.approx(0.8)


def test_levels_that_overlap_share_what_is_waited() -> None:
    found = times(4, (0, 0, 12), (0, 1, 12), (1, 0, 12))
    assert found == {0: BusyTime(23, 1 + 11 * 2 / 3), 1: BusyTime(12, 1 + 11 / 3)}


def test_an_interruption_is_no_waiting() -> None:
    assert times(1, (0, 0, 10), (0, 50_000, 50_010), (1, 90_000, 90_001)) == {0: BusyTime(20, 0), 1: BusyTime(1, 0)}


def test_trials_in_lock_step_take_one_worker() -> None:
    assert times(2, (0, 0, 10), (0, 0, 10), (0, 1, 10)) == {0: BusyTime(19, 1)}


def test_nothing_is_said_of_what_is_not_on_record() -> None:
    assert busy_times([], {}) == {}
    assert BusyTime().share == 0


class Timed(Laboratory):
    """A laboratory with two workers, who take a second for each trial."""

    def answer(self, request: Any) -> Any:
        answer = super().answer(request)
        assert isinstance(answer, Outcome)
        start = StartRecord(datetime.now(UTC) - timedelta(seconds=1), 2)
        return begun_at(replace(answer, machine=MACHINE), start)


SPEC = small_spec(levels=2, search={"method": "racing", "max_lr": {"count": 9}})


def test_a_race_shows_it() -> None:
    with Timed(SPEC) as lab:
        lab.finish()
        view = view_study(lab.store, "s")
        spending = spending_of(lab.store, view)
        assert spending is not None
        assert spending.time is not None
        assert 0 < spending.time.share < 1
        said, by_level = str(spending).splitlines()
        assert said.startswith("Spent ")
        assert "The workers were busy" in said
        assert by_level == spending.by_level
        assert str(spending.by_level).startswith("Busy by level: 0: ")
        levels = to_json(view, spending)["spending"]["levels"]
        assert [level["time"].keys() for level in levels] == [{"busy", "idle"}] * 2
        page = render(view, spending)
        assert "Idle</th>" in page


def test_an_older_study_does_not() -> None:
    with Laboratory(SPEC) as lab:
        lab.finish()
        spending = spending_of(lab.store, view_study(lab.store, "s"))
        assert spending is not None
        assert (spending.time, spending.by_level) == (None, None)
        assert "busy" not in str(spending)
