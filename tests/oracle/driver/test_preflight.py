from __future__ import annotations

import pytest

from oracle.driver.preflight import check_ready
from oracle.execution.checkpoints import dump_checkpoint
from oracle.spec.files import load_spec
from scyc.trial import run_trial

SETTINGS = ["levels=5", "seeds=[0, 1, 2]", "search.max_lr.values=[0.1, 0.2]", "epochs=1"]


class Measured:
    """An artifact store that hears how much room is needed."""

    needed = 0

    def check_writable(self, needed_bytes: int) -> None:
        self.needed = needed_bytes


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("kept", ["fresh", "with-weights"])
def test_the_room_it_asks_for_is_that_of_the_checkpoints(optimizer: str, kept: str) -> None:
    rewind = "pruning.rewind=learning-rate"
    spec = load_spec(None, [*SETTINGS, rewind, f"optimizer.kind={optimizer}", f"pruning.optimizer_state={kept}"])
    store = Measured()
    check_ready(spec, store)  # type: ignore[arg-type]
    trial = run_trial(spec.protocol(), spec.protocol().workload.load_data(), seed=0, level=0, max_lr=0.1)
    written = len(dump_checkpoint(trial.checkpoint))
    # Three seeds: two candidates' checkpoints and rewind points under way, five winners' kept.
    assert store.needed == pytest.approx(written * 3 * (2 * 2 + 5), rel=0.01)
