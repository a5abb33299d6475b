"""The oracle service as a library: which `max_lr` is best at each level of iterative pruning.

>>> import oracle
>>> study = oracle.sweep("sweep.toml", db="sqlite:///scyc.db", workers=2)  # doctest: +SKIP
>>> study = oracle.open_study("demo")  # doctest: +SKIP
>>> study.curve()  # doctest: +SKIP

Importing it is quick: PyTorch, SQLAlchemy, pandas, Ray and the rest are imported only by the calls that need them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
