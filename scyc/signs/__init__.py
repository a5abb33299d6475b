"""Signs: how they agree between networks, how often they flip, and what a network does with other signs.

Gadhikar & Burkholz, "Masks, Signs, And Learning Rate Rewinding" (ICLR 2024, arXiv 2402.19262), hold that learning-rate
rewinding does better than going back to early weights because it keeps the signs that the denser network has learned.
Everything here is a pure function of state dicts and masks, but for what flips or holds signs during a training.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
