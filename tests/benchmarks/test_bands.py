"""Whether bands hold what they say: the surfaces that are made up, what is measured on them, and the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.bands import fits, recorded, synthetic
from benchmarks.bands.__main__ import main
from benchmarks.bands.cells import decided
from benchmarks.bands.surfaces import RecordedSurface
from benchmarks.bands.truths import CURVES, RATES, SURFACES

if TYPE_CHECKING:
    from pathlib import Path

TRUTHS = {truth.name: truth for truth in SURFACES}


def made_up(name: str, seeds: int = 3, examples: int = 400) -> np.ndarray:
    return TRUTHS[name].study(seeds, examples, np.random.default_rng(0))


def test_a_study_has_the_accuracies_of_the_truth() -> None:
    truth = TRUTHS["asymmetric"]
    means = 100 * made_up("asymmetric", examples=4000).mean(axis=(2, 3))
    expected = np.maximum(truth.scores(np.log(RATES)), 2)
    assert np.abs(means - expected).mean() < 1.5


def test_the_cells_of_a_study_share_what_the_examples_do() -> None:
    answers = made_up("constant").mean(axis=2)
    first, second = answers[0, 5], answers[12, 5]
    assert np.corrcoef(first, second)[0, 1] > 0.3


@pytest.mark.parametrize(("name", "width"), [("plateau", 0.35 + 0.15), ("asymmetric", 0.0)])
def test_the_best_of_a_plateau_is_a_range(name: str, width: float) -> None:
    first, last = synthetic.ends(synthetic.true_regret(TRUTHS[name]) <= 1e-9)
    assert last - first == pytest.approx(width * np.log(50) / 2, abs=0.01)


def test_what_a_range_holds_and_how_much_two_overlap() -> None:
    one, other = (np.array([0.0, 0.0]), np.array([1.0, 1.0])), (np.array([0.5, 2.0]), np.array([1.5, 3.0]))
    assert synthetic.overlap(one, other).tolist() == [pytest.approx(1 / 3), 0.0]
    best = np.log([0.1, 0.1])
    assert synthetic.held((best, best), [0.05, 0.11], [0.2, 0.2]).tolist() == [True, False]


def test_the_bar_is_for_studies_that_draw_their_curve() -> None:
    truth, drawn = TRUTHS["constant"], np.array([1.0, 1.0, 0.0])
    assert synthetic.verdict(truth, drawn, np.array([0.9, 0.9, 0.1])) == "met"
    assert synthetic.verdict(truth, drawn, np.array([0.8, 0.8, 1.0])) == "5.0 below"
    assert synthetic.verdict(truth, drawn, np.array([1.0, 1.0, 1.0])) == "5.0 above"
    assert synthetic.verdict(TRUTHS["flat"], drawn, np.ones(3)) == "met"
    assert synthetic.verdict(truth, np.zeros(3), np.zeros(3)) == "drawn by none"


def test_levels_have_what_the_answers_say() -> None:
    answers = made_up("jump")
    diverged = np.zeros(answers.shape[:2], bool)
    diverged[0, decided(RATES, answers)[0].winner == RATES] = True
    level = decided(RATES, answers, diverged)[0]
    assert level.scores[RATES[3]] == pytest.approx(answers[0, 3].mean(axis=1))
    assert level.winner not in level.diverged
    assert level.answers is not None
    assert decided(RATES, answers, recorded=False)[0].answers is None


def test_a_recorded_surface_is_judged_by_other_seeds_and_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = made_up("asymmetric", seeds=4, examples=900)[:3]
    surface = RecordedSurface(RATES, answers, np.zeros(answers.shape[:3], bool), 300)
    monkeypatch.setattr(recorded, "_surface", lambda *_: surface)
    found = recorded.judge(recorded.Split(tmp_path, "x", 0, seeds=2, examples=300, apart=False))
    assert 0 <= found["band"] <= 1
    assert found["raw loses"] >= 0
    apart = recorded.judge(recorded.Split(tmp_path, "x", 0, seeds=2, examples=300, apart=True))
    assert apart["raw split squared"] != found["raw split squared"]


def test_both_kinds_of_surfaces_at_the_smallest_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(synthetic, "SURFACES", SURFACES[-1:])
    monkeypatch.setattr(synthetic, "EXAMPLES", (100,))
    monkeypatch.setattr(synthetic, "SEEDS", (2,))
    monkeypatch.setattr(fits, "CURVES", CURVES[:1])
    monkeypatch.setattr(fits, "SIZES", ((2, 100),))
    smallest = ["--studies", "1", "--splits", "1", "--processes", "1", "--recorded-only"]
    main([*smallest, "--surfaces", str(tmp_path), "--out", str(tmp_path)])
    table = (tmp_path / "bands.md").read_text(encoding="utf-8")
    assert "| constant | 100 | 2 | 1 |" in table
    assert "Recorded: none." in table
    assert "| S, rise 2.25 | 100 | 2 | 1 |" in table
    assert capsys.readouterr().out.strip() == table.strip()
