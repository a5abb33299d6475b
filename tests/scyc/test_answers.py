"""Answers as bits: what goes in comes out, and nothing else does."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from scyc.answers import as_text, bits, packed, unpacked


@pytest.mark.parametrize("examples", [1, 7, 8, 9, 800])
def test_come_back_in_their_order(examples: int) -> None:
    answers = np.random.default_rng(examples).random((3, examples)) < 0.7
    back = unpacked([packed(row) for row in answers], examples)
    assert back.dtype == bool
    assert back.tolist() == answers.tolist()
    for row in answers:
        assert as_text(packed(row), examples) == "".join("01"[int(answer)] for answer in row)


def test_the_first_example_is_the_highest_bit() -> None:
    assert bits(packed(np.array([True] + [False] * 7 + [True])), 9) == bytes([128, 128])


def test_are_small() -> None:
    answers = np.random.default_rng(0).random(8000) < 0.95
    assert len(packed(answers)) < 600
    assert len(packed(np.zeros(8000, dtype=bool))) < 30


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"junk",
        zlib.compress(b""),
        zlib.compress(b"\x80"),  # too few
        zlib.compress(b"\x80" * 3),  # too many
        zlib.compress(b"\0" * 10**7),
        zlib.compress(b"\x80\x40"),  # a tenth example
        zlib.compress(b"\x80\x80")[:-1],
        zlib.compress(b"\x80\x80") + b"more",
    ],
)
def test_junk_is_refused(junk: bytes) -> None:
    assert unpacked([zlib.compress(b"\x80\x80")], 9).sum() == 2
    with pytest.raises(ValueError, match="answers"):
        unpacked([junk], 9)
