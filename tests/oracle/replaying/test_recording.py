"""A finished study as arrays: what is taken of it, what is read between its candidates, and what is refused."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from oracle.replaying import Recording
from scyc import InputError
from tests.oracle.replaying.studies import REAL, SEEDS, laboratory, made_up, real
from tests.oracle.simulation import small_spec

if TYPE_CHECKING:
    from pathlib import Path


def same(one: Recording, other: Recording) -> bool:
    return all(
        np.array_equal(a, b, equal_nan=True) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else np.all(a == b)
        for a, b in ((getattr(one, field.name), getattr(other, field.name)) for field in fields(Recording))
    )


def test_it_holds_what_the_study_holds() -> None:
    with laboratory() as study:
        recording = Recording.from_study(study.finish().store, "s")
        levels, trials = study.state()
    assert recording.winners.tolist() == [winner for _, _, winner, _ in levels]
    assert recording.densities.tolist() == [density for _, density, _, _ in levels]
    assert recording.seeds.tolist() == SEEDS
    assert (recording.rates == sorted(recording.rates)).all()
    assert len(trials) == recording.validation.size
    for level, _, max_lr, seed, _, _, result in trials:
        place = level, recording.rates.tolist().index(max_lr), SEEDS.index(seed)
        assert recording.validation[place] == result.val
        assert recording.test[place] == result.test
        assert recording.diverged[place] == result.diverged == (max_lr > 0.5)
        assert recording.finite[place] == (max_lr <= 0.5)
        assert recording.epochs[place] == len(result.epochs) == 2
        assert recording.curves[place] == pytest.approx([epoch.val for epoch in result.epochs])
        answers = recording.read(level, max_lr).answers
        assert answers is not None
        assert answers[place[2]].mean() == result.val


@pytest.mark.parametrize("recording", [made_up, real], ids=["made up", "real"])
def test_a_file_gives_it_back(recording: Any, tmp_path: Path) -> None:
    recording().save(tmp_path / "new" / "one.npz")
    assert same(Recording.load(tmp_path / "new" / "one.npz"), recording())


def test_without_answers_the_file_is_smaller(tmp_path: Path) -> None:
    with laboratory() as study:
        recording = Recording.from_study(study.finish().store, "s", answers=False)
    recording.save(tmp_path / "one.npz")
    found = Recording.load(tmp_path / "one.npz")
    assert found.read(0, 0.1).answers is None
    assert found.examples == 0
    assert np.array_equal(found.validation, made_up().validation)


def test_answers_that_some_trials_lack_are_left_out() -> None:
    with laboratory() as study:
        study.without = frozenset([9])
        assert Recording.from_study(study.finish().store, "s").read(0, 0.1).answers is None


def test_between_two_candidates_each_seed_is_interpolated_in_log_max_lr() -> None:
    recording = real()
    low, high = recording.rates[3:5].tolist()
    quarter, exact = recording.read(5, low ** (3 / 4) * high ** (1 / 4)), recording.read(5, low)
    for found, there in [(quarter.validation, recording.validation), (quarter.test, recording.test)]:
        assert found == pytest.approx(0.75 * there[5, 3] + 0.25 * there[5, 4])
    assert quarter.curve == pytest.approx(0.75 * recording.curves[5, 3] + 0.25 * recording.curves[5, 4])
    assert quarter.answers is not None
    assert exact.answers is not None
    assert (quarter.answers == exact.answers).all()
    assert exact.validation.tolist() == recording.validation[5, 3].tolist()
    nearer = recording.read(5, low ** (1 / 4) * high ** (3 / 4)).answers
    assert nearer is not None
    assert (nearer == recording.read(5, high).answers).all()
    assert not quarter.outside


def test_what_is_nearer_to_a_training_that_is_not_finite_has_no_accuracy() -> None:
    recording = made_up()
    low, high = recording.rates[3:5].tolist()
    assert recording.finite[0, 3].all()
    assert not recording.finite[0, 4].any()
    before, after = (recording.read(0, low ** (1 - share) * high**share) for share in (0.4, 0.6))
    assert before.validation == pytest.approx(0.6 * recording.validation[0, 3])
    assert not before.diverged.any()
    assert after.diverged.all()
    assert after.validation.tolist() == [0.0] * 4


@pytest.mark.parametrize(("max_lr", "nearest"), [(0.001, 0), (7.0, -1)])
def test_outside_the_grid_is_its_nearest_end(max_lr: float, nearest: int) -> None:
    found, end = real().read(2, max_lr), real().read(2, real().rates[nearest])
    assert found.outside
    assert not end.outside
    assert found.validation.tolist() == end.validation.tolist()


def test_a_training_that_ended_early_has_a_shorter_curve() -> None:
    recording = Recording.load(REAL.with_name("fashion-mlp.npz"))
    assert not recording.finite.all()
    lost = np.isnan(recording.curves).sum(axis=3)
    assert (lost == recording.spec.epochs - recording.epochs).all()
    assert (lost > 0).sum() == (recording.epochs < recording.spec.epochs).sum() > 0


def test_an_unfinished_study_is_refused() -> None:
    with laboratory() as study:
        study.work(study.sweep(), most=25)
        with pytest.raises(InputError, match=r"'s' is not finished: 1 of its 4 levels are decided.*scyc resume s"):
            Recording.from_study(study.store, "s")


def test_a_study_of_a_sampler_is_refused() -> None:
    search = {"method": "random", "max_lr": {"low": 0.05, "high": 0.8, "count": 5}}
    with laboratory(search=search) as study, pytest.raises(InputError, match="was searched by 'random'; only a grid"):
        Recording.from_study(study.store, "s")


def test_a_widened_grid_is_refused() -> None:
    with laboratory(search={"max_lr": {"values": [0.3, 0.4, 0.5]}, "widen": 2}) as study:
        study.finish()
        with pytest.raises(InputError, match=r"not a full grid: at level \d .*search.widen = 0"):
            Recording.from_study(study.store, "s")


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    with pytest.raises(InputError, match="cannot be read: No such file"):
        Recording.load(path)
    for content in (b"", b"text", REAL.read_bytes()[:1000]):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"no \.npz file of plain arrays.*scyc replay NAME --save one"):
            Recording.load(path)
    with path.open("wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(InputError, match=r"no \.npz file of plain arrays"):
        Recording.load(path)
    with np.load(REAL) as there:
        arrays = dict(there)
    for changed, reason in [
        ({"objects": np.array([{}])}, "no .npz file of plain arrays"),
        ({"format": np.array(99)}, "another version of scyc wrote it"),
        ({"test": arrays["test"][:5]}, "the shape of test does not fit"),
    ]:
        np.savez(path, **(arrays | changed))
        with pytest.raises(InputError, match=reason):
            Recording.load(path)
    del arrays["curves"]
    np.savez(path, **arrays)
    with pytest.raises(InputError, match="it lacks curves"):
        Recording.load(path)


def test_a_file_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        made_up().save(tmp_path / "file" / "one.npz")


def test_a_seed_that_is_not_on_record_is_refused() -> None:
    with pytest.raises(InputError, match="has no seed 5; choose among 4, 0, 9, 2"):
        made_up().places([4, 5])


def test_the_spec_of_a_file_is_the_studys() -> None:
    assert made_up().spec == small_spec(**made_up().spec.to_dict())
    assert real().spec.search.max_lr.grid() == real().rates.tolist()
    assert "benchmarks.replay.surfaces --only mnist1d-mlp" in real().made_by
    assert math.prod(real().validation.shape) == 12 * 12 * 8
