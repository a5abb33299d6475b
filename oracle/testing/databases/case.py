"""A database to test, and a run in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from studies import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from studies import RunRecord


class DatabaseCase:
    """Tests with a database that holds only what they write."""

    @pytest.fixture
    def url(self) -> str:
        """Return the URL of an empty database of the kind that is tested; its tables are created if it has none."""
        raise NotImplementedError("Define a fixture `url` in the class that tests your kind of database.")

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        """Open it."""
        with Store.open(url) as store:
            yield store

    @pytest.fixture
    def run(self, store: Store) -> RunRecord:
        """Return the oracle run of a study."""
        study = store.create_study("s", {}, "hash", "memory://a", {})
        return store.open_run(study.id, "oracle")
