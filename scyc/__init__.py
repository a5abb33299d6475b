"""Learning-rate schedules for iterative pruning, and the pruning and training to try them with.

`from scyc import SCyc, LevelLR` is all that your own training loop needs.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
