"""What a walk is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracle.replaying import Decision, Reference, judge, method_spec, simulate
from tests.oracle.replaying.studies import SEEDS, made_up, real

CHOSEN = [3, 0, 5]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference.of(real(), CHOSEN)


def test_the_full_grid_is_the_ceiling_of_itself(reference: Reference) -> None:
    judged = judge(real(), simulate(real(), method_spec(real(), "grid"), CHOSEN, 4), reference)
    assert judged.share == judged.ratio == judged.inside == judged.decided == 1
    assert judged.overlap == judged.ceiling == reference.ceiling
    assert judged.trainings == 12 * 12 * 3
    assert reference.others == (1, 2, 4, 6, 7)
    assert reference.ceiling is not None
    assert 0.5 < reference.ceiling < 1


def test_a_method_that_trains_half_costs_half(reference: Reference) -> None:
    spec = method_spec(real(), "tpe", {"search.max_lr.count": 6})
    judged = judge(real(), simulate(real(), spec, CHOSEN), reference)
    assert judged.share == pytest.approx(0.5)
    assert judged.overlap is not None
    assert judged.ceiling is not None
    assert judged.ratio == judged.overlap / judged.ceiling < 1


def test_regret_is_what_the_choice_loses_on_the_other_seeds(reference: Reference) -> None:
    walk = simulate(real(), method_spec(real(), "grid"), CHOSEN)
    others = real().test[:, :, real().places(reference.others)].mean(axis=2)
    best = [Decision(level, float(real().rates[others[level].argmax()]), False, 0.0) for level in range(12)]
    assert judge(real(), replace(walk, decisions=tuple(best)), reference).test_regret == pytest.approx([0] * 12)
    worst = [Decision(level, float(real().rates[0]), False, 0.0) for level in range(12)]
    judged = judge(real(), replace(walk, decisions=tuple(worst)), reference)
    assert judged.test_regret == pytest.approx(100 * (others.max(axis=1) - others[:, 0]))
    assert judged.inside is not None
    assert judged.inside < 0.5
    assert judged.test_regret != judged.validation_regret


def test_a_walk_is_on_the_recorded_path_until_it_chooses_otherwise(reference: Reference) -> None:
    walk = simulate(real(), method_spec(real(), "grid"), CHOSEN)
    for wrong, share in [(12, 1.0), (11, 1.0), (3, 4 / 12), (0, 1 / 12)]:
        chosen = [
            Decision(level, float(winner) * (1 + (level == wrong)), False, 0.0)
            for level, winner in enumerate(real().winners)
        ]
        assert judge(real(), replace(walk, decisions=tuple(chosen)), reference).on_path == pytest.approx(share)


def test_without_other_seeds_there_is_no_truth() -> None:
    recording = made_up()
    judged = judge(
        recording, simulate(recording, method_spec(recording, "grid"), SEEDS), Reference.of(recording, SEEDS)
    )
    assert (judged.test_regret, judged.overlap, judged.ceiling, judged.ratio) == ((), None, None, None)
    assert judged.inside == judged.on_path == 1


def test_a_method_that_is_stuck_is_judged_by_what_it_decided() -> None:
    recording = made_up()
    walk = simulate(recording, method_spec(recording, "grid", {"search.max_lr": {"values": [0.8, 0.9]}}), SEEDS[:3])
    judged = judge(recording, walk, Reference.of(recording, SEEDS[:3]))
    assert (judged.decided, judged.inside, judged.overlap, judged.test_regret) == (0, None, 0, ())
    assert judged.outside == 0.5


def test_the_truth_does_not_know_the_seeds_of_the_study() -> None:
    recording = real()
    changed = recording.validation.copy()
    changed[:, :, recording.places(CHOSEN)] = np.roll(changed[:, :, recording.places(CHOSEN)], 3, axis=1)
    other = Reference.of(type(recording)(**(vars(recording) | {"validation": changed})), CHOSEN)
    before = Reference.of(recording, CHOSEN)
    assert other.truth == before.truth
    assert other.grid != before.grid
