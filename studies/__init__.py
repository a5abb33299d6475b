"""The memory of a sweep: studies, runs, levels and trials in an SQL database, weights in an artifact store.

>>> from studies import NewTrial, Store
>>> with Store.open("sqlite://") as store:
...     study = store.create_study("demo", spec={}, spec_hash="0", artifacts="memory://demo", provenance={})
...     run = store.open_run(study.id, "oracle")
...     [trial] = store.add_trials(run.id, [NewTrial(level=0, seed=0, max_lr=0.1, parent=None, round=0)])
...     trial.state
'pending'
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
