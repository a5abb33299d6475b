import pytest

from oracle.report.finding import find
from oracle.results.intervals import Interval
from tests.oracle.report.samples import level, study

NARROW = Interval(0.3, 0.4)
WIDE = Interval(0.1, 0.5)


def test_a_clear_rise_is_called_one() -> None:
    view = study([level(0, winner=0.18), level(1, winner=0.2, within=WIDE), level(2, winner=0.35, within=NARROW)])
    finding = find(view)
    assert finding.headline == "The best max_lr rises from 0.18 (dense) to 0.35 at 64\u202f% density: 1.9 times."
    assert finding.notes == (
        "Of the sparser levels, the dense winner, 0.18, still lies inside the “within” interval at 1 of 2.",
    )


def test_a_rise_within_the_interval_is_no_clear_rise() -> None:
    finding = find(study([level(0, winner=0.18), level(1, winner=0.35, within=WIDE, paired=WIDE)]))
    assert finding.headline.endswith("0.18 is still inside the “within” and “paired” intervals there: no clear rise.")
    assert "inside the “within” interval at 1 of 1 and inside the “paired” interval at 1 of 1" in finding.notes[0]


@pytest.mark.parametrize(
    ("last", "words"), [(0.18, "it is 0.18 both dense and at 80"), (0.1, "it falls from 0.18 (dense) to 0.1 at 80")]
)
def test_no_rise_is_said_plainly(last: float, words: str) -> None:
    headline = find(study([level(0, winner=0.18), level(1, winner=last)])).headline
    assert headline.startswith(f"The best max_lr shows no rise: {words}")


def test_a_rise_that_the_seeds_cannot_tell_is_no_clear_rise() -> None:
    finding = find(study([level(0, winner=0.18), level(1, winner=0.35, within=NARROW, paired=WIDE)]))
    assert finding.headline.endswith("but 0.18 is still inside the “paired” interval there: no clear rise.")


def test_a_bound_counts_as_inside() -> None:
    ends_there = Interval(0.1 + 0.2, 1.0)
    finding = find(study([level(0, winner=0.3), level(1, winner=0.6, within=ends_there)]))
    assert "no clear rise" in finding.headline


def test_beyond_an_open_bound_counts_as_inside() -> None:
    reaching = Interval(0.4, 1.0, low_open=True)
    finding = find(study([level(0, winner=0.3), level(1, winner=0.6, within=reaching)]))
    assert "no clear rise" in finding.headline


def test_the_peak_in_between_and_the_edges_are_noted() -> None:
    view = study([level(0, winner=0.1), level(1, winner=0.5, edge=True), level(2, winner=0.3)])
    notes = find(view).notes
    assert "In between, it is highest at 80\u202f% density: 0.5." in notes
    assert "At level 1 the winner is on the edge of its candidates: the best may lie beyond." in notes
    assert "No interval could be judged at the sparser levels, so how much of this is noise is not known." in notes


def test_what_is_not_decided_is_said() -> None:
    running = find(study([level(0, winner=0.1), level(1)], planned=13))
    assert running.headline == "So far, the dense network's best max_lr is 0.1; no sparser level is decided."
    assert running.notes == ("1 of 13 levels is decided so far.",)
    blocked = find(study([level(0)], state="blocked", planned=2))
    assert blocked.headline.startswith("The dense network's best max_lr is not decided")
    assert blocked.notes == ("0 of 2 levels are decided; failed trials block the next one.",)
