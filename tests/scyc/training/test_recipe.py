from __future__ import annotations

import pytest

from scyc import InputError
from scyc.training.recipe import Recipe


@pytest.mark.parametrize(("epochs", "batch_size"), [(0, 64), (10, 0)])
def test_a_recipe_that_trains_nothing_is_refused(epochs: int, batch_size: int) -> None:
    with pytest.raises(InputError, match="whole numbers of at least 1"):
        Recipe(epochs, batch_size)


@pytest.mark.parametrize(("examples", "steps"), [(30, 4), (59, 4), (60, 8), (320, 40)])
def test_steps_of_a_level_leave_out_incomplete_batches(examples: int, steps: int) -> None:
    assert Recipe(epochs=4, batch_size=30).steps(examples) == steps
