"""The benchmark beside open_lth, as far as it goes without a copy of it."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from benchmarks import open_lth
from scyc import InputError
from scyc.data import Dataset, Split

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def images(channels: int, examples: int = 64) -> Split:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (examples, channels, 28, 28), generator=generator)
    pixels[0, :, 0, 0], pixels[0, :, 0, 1] = 0, 255
    return Split(pixels / 255, torch.arange(examples) % 10)


LENET = replace(open_lth.CASES["lenet-300-100"], steps=2)


def options(evaluate: bool) -> argparse.Namespace:
    return argparse.Namespace(threads=1, evaluate=evaluate)


@pytest.mark.parametrize("channels", [1, 3])
def test_normalised_images_become_the_bytes_that_they_were(channels: int) -> None:
    split = images(channels)
    pixels = (split.inputs * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    normalised = (split.inputs - 0.3) / 0.25
    found = open_lth.as_bytes(normalised)
    assert np.array_equal(found, pixels if channels == 3 else pixels[..., 0])
    if channels == 1:
        assert np.array_equal(open_lth.as_bytes(normalised.flatten(1)), found)


@pytest.mark.parametrize("evaluate", [False, True])
def test_ours_is_timed(evaluate: bool) -> None:
    split = images(1, 300).flattened()
    data = Dataset(split, split, split, num_classes=10)
    assert 0 < open_lth.ours(LENET, data, options(evaluate), "fp32") < 60


def test_more_steps_than_an_epoch_has_are_refused() -> None:
    with pytest.raises(InputError, match="give fewer --steps"):
        open_lth.first(images(1), 65)


def test_the_runner_understands_its_command_line(tmp_path: Path) -> None:
    data = Dataset(images(1), images(1), images(1), num_classes=10)
    open_lth.write_images(data, tmp_path / "images.npz")
    with np.load(tmp_path / "images.npz") as arrays:
        assert arrays["x_train"].shape == (128, 28, 28)
        assert len(arrays["y_train"]) == 128
    with pytest.raises(SystemExit, match="No module named 'datasets'"):  # it has come as far as open_lth itself
        open_lth.theirs(LENET, tmp_path, tmp_path / "images.npz", options(evaluate=True))


def test_without_a_network_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_lth, "URL", str(tmp_path / "nowhere"))
    with pytest.raises(SystemExit, match="give its folder as --checkout"):
        open_lth.fetch(tmp_path)
