"""What every kind of database must do behind the store, as tests to subclass.

>>> class TestMine(DatabaseConformance):  # in a test module of yours, for pytest
...     @pytest.fixture
...     def url(self, tmp_path):
...         return f"mydb:///{tmp_path}/scyc.db"
"""

from oracle.testing.databases.catalogue import Levels, Runs, Studies
from oracle.testing.databases.checkpoints import Checkpoints, Threads
from oracle.testing.databases.failures import Failing, Retrying
from oracle.testing.databases.outcomes import Finishing, FinishingTogether
from oracle.testing.databases.trials import AddingTrials, AdoptingTrials, ReadingTrials

__all__ = ["DatabaseConformance"]


class DatabaseConformance(
    Studies,
    Runs,
    Levels,
    AddingTrials,
    ReadingTrials,
    AdoptingTrials,
    Finishing,
    FinishingTogether,
    Failing,
    Retrying,
    Checkpoints,
    Threads,
):
    """Everything that is written comes back to the last bit, once, as a whole, and nonsense never gets in."""
