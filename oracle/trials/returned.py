"""What a training returns: checked, and in words where something is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oracle.trials.curve import number
from scyc.errors import InputError

_KEYS = ("val", "test", "spent")


@dataclass(frozen=True)
class Returned:
    """What came of a training.

    Attributes:
        val: value of the study's metric on the validation data; NaN or infinite if it diverged.
        test: the same on the test data; None if it is not known.
        spent: units of the budget that it took, >= 0; None if it did not say so.
    """

    val: float
    test: float | None = None
    spent: float | None = None


def checked(value: Any, who: str) -> Returned:
    """Return what a training returned.

    Args:
        value: it should be a mapping with "val", and perhaps "test" and "spent".
        who: what returned it, for messages: "The training 'my_module:train'".

    Raises:
        InputError: it is something else.
    """
    should = '{"val": NUMBER}, and "test" and "spent" where they are known'
    if not isinstance(value, Mapping):
        raise InputError(f"{who} should return {should}, but it returned {_short(value)}.")
    if unknown := [key for key in value if key not in _KEYS]:
        raise InputError(
            f"{who} should return {should}, but it also returned {', '.join(map(repr, unknown))}; report other numbers "
            "elsewhere."
        )
    if value.get("val") is None:
        raise InputError(f'{who} should return {should}, but "val" is missing.')
    found = {
        key: number(value[key], f'"{key}", which {_within(who)} returned,')
        for key in _KEYS
        if value.get(key) is not None
    }
    spent = found.get("spent")
    if spent is not None and not 0 <= spent < math.inf:
        raise InputError(f'"spent", which {_within(who)} returned, should be 0 or more, but it is {spent:g}.')
    return Returned(**found)


def _within(who: str) -> str:
    return who[0].lower() + who[1:]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"a {type(value).__name__}"
