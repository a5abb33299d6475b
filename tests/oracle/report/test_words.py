import pytest

from oracle.report import words
from oracle.results.intervals import Interval
from oracle.spec.metric import ACCURACY


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4567, "0.46 s"),
        (59.7, "1 min"),
        (204, "3 min 24 s"),
        (7500, "2 h 5 min"),
        (86400 * 3 + 40, "3 d"),
    ],
)
def test_durations_have_their_two_largest_units(seconds: float, text: str) -> None:
    assert words.duration(seconds).replace("\u202f", " ") == text


def test_numbers_have_sensible_digits() -> None:
    assert words.rate(0.123456) == "0.123"
    assert words.density(0.8**10) == "10.7\u202f%"
    assert ACCURACY.write(0.70449) == "70.4\u202f%"
    assert ACCURACY.write(None) == "–"
    assert words.count(1, "trial") == "1 trial"
    assert words.count(1234, "trial") == "1,234 trials"
    assert [words.listing(list("abc"[:n])) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]


def test_intervals_show_their_open_bounds() -> None:
    assert words.interval(None) == "–"
    assert words.interval(Interval(0.1, 0.3)) == "0.1 – 0.3"
    assert words.interval(Interval(0.1, 1.0, high_open=True)) == "0.1 – ≥\u202f1"
    assert words.interval(Interval(0.02, 0.3, low_open=True)) == "≤\u202f0.02 – 0.3"


def test_intervals_count_their_gaps() -> None:
    assert words.interval(Interval(0.1, 0.4, gaps=(0.2,))) == "0.1 – 0.4 (1 gap)"
    assert words.interval(Interval(0.1, 0.4, gaps=(0.2, 0.3))) == "0.1 – 0.4 (2 gaps)"
