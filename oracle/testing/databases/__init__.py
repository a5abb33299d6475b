"""What every kind of database must do behind the store, as tests to subclass.

>>> class TestMine(DatabaseConformance):  # in your own test module, for pytest
...     @pytest.fixture
...     def url(self, tmp_path):
...         return f"mydb:///{tmp_path}/scyc.db"
"""

from oracle.testing.databases.catalogue import Levels, Runs, Studies
from oracle.testing.databases.checkpoints import Checkpoints, Threads
from oracle.testing.databases.failures import Failing, Retrying
from oracle.testing.databases.outcomes import Finishing, FinishingTogether, Machines
from oracle.testing.databases.stopping import Rules, Stopping
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
    Machines,
    Failing,
    Retrying,
    Rules,
    Stopping,
    Checkpoints,
    Threads,
):
    """Whatever is written comes back once, whole, and to the last bit; invalid values are refused."""
