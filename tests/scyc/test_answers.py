"""Answers as bits: what goes in comes out, and nothing else does."""

from __future__ import annotations

import zlib

import pytest
import torch

from scyc.answers import bits, packed, unpacked


@pytest.mark.parametrize("examples", [1, 7, 8, 9, 800])
def test_come_back_in_their_order(examples: int) -> None:
    answers = torch.rand(3, examples, generator=torch.Generator().manual_seed(examples)) < 0.7
    back = unpacked([packed(row) for row in answers], examples)
    assert back.dtype == bool
    assert back.tolist() == answers.tolist()


def test_the_first_example_is_the_highest_bit() -> None:
    assert bits(packed(torch.tensor([True] + [False] * 7 + [True])), 9) == bytes([128, 128])


def test_are_small() -> None:
    answers = torch.rand(8000, generator=torch.Generator().manual_seed(0)) < 0.95
    assert len(packed(answers)) < 600
    assert len(packed(torch.zeros(8000, dtype=torch.bool))) < 30


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
