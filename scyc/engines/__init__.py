"""Engines: how the steps of networks that are trained in lock-step are taken.

Data, learning rates, optimizer settings, masks and records are the same whatever the engine.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
