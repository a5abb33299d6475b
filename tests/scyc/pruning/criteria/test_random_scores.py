from __future__ import annotations

import torch

from scyc.pruning.criteria.random_scores import random_scores
from scyc.pruning.masks import Masks

MASKS = Masks({"0": torch.ones(3, 5, dtype=torch.bool), "1": torch.ones(35, dtype=torch.bool)})


def flat(seed: int, level: int) -> list[int]:
    scores = random_scores(MASKS, seed=seed, level=level)
    assert [score.shape for score in scores.values()] == [(3, 5), (35,)]
    return torch.cat([score.flatten() for score in scores.values()]).tolist()


def test_every_rank_is_given_once() -> None:
    assert sorted(flat(0, 1)) == list(range(50))


def test_seed_and_level_determine_the_order() -> None:
    assert flat(0, 1) == flat(0, 1)
    assert len({tuple(flat(seed, level)) for seed in range(3) for level in range(1, 4)}) == 9


def test_every_weight_is_as_likely_to_go() -> None:
    ranks = torch.tensor([flat(seed, 1) for seed in range(400)], dtype=torch.float64)
    # Uniform on 0..49: mean 24.5, standard deviation 14.4, so 0.72 for the mean of 400.
    assert (ranks.mean(0) - 24.5).abs().max() < 5 * 0.72
