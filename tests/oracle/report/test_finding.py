import pytest

from oracle.report.finding import find
from oracle.results.best import NOT_SHOWN
from oracle.results.intervals import Interval
from tests.oracle.report.samples import SEEDS, level, peaked, study, trial

NARROW = Interval(0.3, 0.4)
WIDE = Interval(0.05, 0.5)


def test_a_clear_rise_is_called_one_with_its_band_and_its_factor() -> None:
    view = study([peaked(0, 0.16), peaked(1, 0.2, within=WIDE), peaked(2, 0.32, within=NARROW)])
    finding, best = find(view), view.best.levels
    low, ratio, high = view.best.ratio(0, 2)
    assert 1.5 < low < 2 < high < 2.7
    assert finding.headline == (
        f"The best max_lr rises from {best[0].best:.3g} "
        f"(dense; 90\u202f% band {best[0].low:.3g} to {best[0].high:.3g}) "
        f"to {best[2].best:.3g} ({best[2].low:.3g} to {best[2].high:.3g}) at 64\u202f% density, "
        f"by a factor of {ratio:.2f} (95\u202f%: {low:.2f} to {high:.2f})."
    )
    assert (
        f"the dense winner, {view.levels[0].winner:.3g}, still lies inside the “within” interval at 1 of 2."
        in (finding.notes[0])
    )


def test_what_the_draws_leave_open_is_no_rise() -> None:
    headline = find(study([peaked(m, 0.16 + 0.01 * m, curvature=0.005, noise=0.004) for m in range(3)])).headline
    assert headline.startswith("No rise can be told: the best max_lr is 0.1")
    assert "a factor of 1." in headline


def test_a_fall_is_called_one() -> None:
    headline = find(study([peaked(0, 0.32), peaked(1, 0.16)])).headline
    assert headline.startswith("The best max_lr falls from 0.")
    assert "by a factor of 0." in headline


def test_where_nothing_is_resolved_no_numbers_are_claimed() -> None:
    finding = find(study([peaked(m, 0.16, curvature=0, noise=0.004) for m in range(4)]))
    assert finding.headline == f"No rise can be told. {NOT_SHOWN}"


def test_the_highest_level_in_between_is_noted_if_it_is_clearly_higher() -> None:
    notes = find(study([peaked(0, 0.1), peaked(1, 0.4), peaked(2, 0.2)])).notes
    assert notes[0].startswith("In between, it is highest at 80\u202f% density: 0.")
    assert not any("highest" in note for note in find(study([peaked(m, 0.2) for m in range(3)])).notes)


def test_levels_where_the_candidates_end_first_are_noted() -> None:
    view = study([peaked(0, 0.2), peaked(1, 1.5)])
    assert view.levels[1].edge
    finding = find(view)
    assert ", open) at 80\u202f% density" in finding.headline
    assert "At level 1 the best max_lr may lie beyond the candidates: they end first." in finding.notes
    assert "The best max_lr is known to within a factor of two at 1 of 2 levels." in finding.notes


def test_bands_without_the_examples_say_so() -> None:
    assert "do not hold for other examples" in find(study([peaked(0, 0.16)])).notes[-1]


@pytest.mark.parametrize("reaching", [Interval(0.16, 1.0), Interval(0.4, 1.0, low_open=True)])
def test_a_bound_and_what_lies_beyond_an_open_one_count_as_inside(reaching: Interval) -> None:
    view = study([level(0, [trial(0.16, s, 0.7) for s in SEEDS], 0.16), peaked(1, 0.6, within=reaching)])
    assert any("inside the “within” interval at 1 of 1" in note for note in find(view).notes)


def test_what_is_not_decided_is_said() -> None:
    running = find(study([peaked(0, 0.16), level(1)], planned=13))
    assert running.headline.startswith("So far, the dense network's best max_lr is 0.1")
    assert running.headline.endswith("; no sparser level is decided.")
    assert "1 of 13 levels is decided so far." in running.notes
    blocked = find(study([level(0)], state="blocked", planned=2))
    assert blocked.headline.startswith("The dense network's best max_lr is not decided")
    assert blocked.notes == ("0 of 2 levels are decided; failed trials block the next one.",)
