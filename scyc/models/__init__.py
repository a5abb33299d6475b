"""Networks for pruning studies. Weights come from PyTorch's default generator, so the caller can seed them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
