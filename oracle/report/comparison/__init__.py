"""The report on a comparison: figures with their numbers, one self-contained HTML page, and the figures as files."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
