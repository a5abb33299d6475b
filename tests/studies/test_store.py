"""What every database behind the store must do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from oracle.testing.databases import DatabaseConformance
from oracle.testing.records import ANSWERS, GRADIENTS, checkpoint, finish, new, result
from studies import FinishedTrial

if TYPE_CHECKING:
    from studies import RunRecord, Store

reuse_store = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


class TestStore(DatabaseConformance):
    @pytest.fixture(params=["memory", "sqlite", "postgresql"])
    def url(self, request: pytest.FixtureRequest) -> str:
        return str(request.getfixturevalue(request.param))

    @reuse_store
    @given(max_lr=st.floats(min_value=0, exclude_min=True, allow_infinity=False, allow_nan=False))
    def test_a_rate_comes_back_to_the_last_bit(self, store: Store, run: RunRecord, max_lr: float) -> None:
        [trial] = store.add_trials(run.id, [new(max_lr=max_lr)])
        assert trial.max_lr.hex() == max_lr.hex()
        assert store.add_trials(run.id, [new(max_lr=max_lr)]) == [trial]

    @reuse_store
    @given(
        accuracy=st.floats(min_value=0, max_value=1),
        loss=st.none() | st.floats(allow_infinity=False, allow_nan=False),
        seed=st.integers(min_value=0, max_value=2**63 - 1),
    )
    def test_measurements_come_back_to_the_last_bit(
        self, store: Store, run: RunRecord, accuracy: float, loss: float | None, seed: int
    ) -> None:
        [trial] = store.add_trials(run.id, [new(seed=seed)])
        measured = result(val=accuracy, val_loss=loss, epochs=())
        if finish(store, trial.id, measured):
            [back] = store.add_trials(run.id, [new(seed=seed)])
            assert back.result == measured

    @pytest.mark.parametrize("number", [1, 1200])
    def test_it_takes_a_handful_of_statements(self, store: Store, run: RunRecord, number: int) -> None:
        trials = store.add_trials(run.id, [new(seed=seed) for seed in range(number)])
        measured = result(gradients=GRADIENTS, answers=ANSWERS)
        finished = [FinishedTrial(trial.id, measured, [checkpoint("a")]) for trial in trials]
        statements: list[str] = []

        def note(*given: Any) -> None:
            statements.append(given[2])

        event.listen(store._database._engine, "before_cursor_execute", note)
        store.finish_trials(finished)
        assert len(statements) <= 8
        assert store.counts(run.id)["complete"] == number
        assert store.epochs_trained(run.id) == 3 * number
        assert len(store.gradients(run.id)) == len(store.answers(run.id, "test")) == number
        assert len(store.checkpoints(run.id)) == number
