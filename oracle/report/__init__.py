"""The report: one self-contained HTML page about a study, to read offline or print."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
