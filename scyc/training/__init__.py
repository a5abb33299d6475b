"""Training one level: what it is told, the steps, the evaluation, and what it gives."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
