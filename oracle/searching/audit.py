"""Which trials are trained to their end although their rule may stop them, so that the rule can be checked.

A trial that is stopped never shows what it would have reached. So a few, chosen beforehand and at random, are finished
whatever their rule says: they tell how many good candidates the rules throw away.
"""

from __future__ import annotations

import hashlib

SHARE = 0.05
"""Fraction of the trials with a rule that is finished all the same."""


def audited(level: int, seed: int, max_lr: float) -> bool:
    """Return whether a trial is finished whatever its rule says: the same answer always, on every machine.

    Args:
        level: pruning level, >= 0.
        seed: of the trial, >= 0.
        max_lr: its upper bound of the learning rate.
    """
    digest = hashlib.sha256(f"{level} {seed} {float(max_lr)!r}".encode()).digest()
    return int.from_bytes(digest[:8]) < SHARE * 2**64
