from __future__ import annotations

import pytest
import torch

from scyc.pruning import rewound

TRAINED = {"weight": torch.tensor([1.0]), "running_mean": torch.tensor([4.0])}
EARLY = {"weight": torch.tensor([2.0]), "running_mean": torch.tensor([5.0])}
FRESH = {"weight": torch.tensor([3.0]), "running_mean": torch.tensor([6.0])}


def test_weights_go_back_to_the_early_state() -> None:
    assert rewound("weights", trained=TRAINED, early=EARLY, fresh=lambda: pytest.fail("not needed")) == EARLY


def test_learning_rate_keeps_the_trained_state() -> None:
    assert rewound("learning-rate", trained=TRAINED, early=EARLY, fresh=lambda: pytest.fail("not needed")) == TRAINED


def test_reinit_draws_a_fresh_state() -> None:
    assert rewound("reinit", trained=TRAINED, early=EARLY, fresh=lambda: FRESH) == FRESH


def test_trained_statistics_outlast_a_rewind() -> None:
    found = rewound("weights", trained=TRAINED, early=EARLY, fresh=lambda: FRESH, statistics="trained")
    assert found == {"weight": EARLY["weight"], "running_mean": TRAINED["running_mean"]}
    found = rewound("reinit", trained=TRAINED, early=EARLY, fresh=lambda: FRESH, statistics="trained")
    assert found == {"weight": FRESH["weight"], "running_mean": TRAINED["running_mean"]}
