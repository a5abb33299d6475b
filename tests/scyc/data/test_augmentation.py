from __future__ import annotations

import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from scyc.data import CropFlip, ResizedCropFlip


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(n: int, channels: int, height: int, width: int) -> torch.Tensor:
    """No two pixels are equal and none is zero."""
    return torch.arange(1.0, n * channels * height * width + 1).view(n, channels, height, width)


@given(
    n=st.integers(1, 5),
    channels=st.integers(1, 3),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    padding=st.integers(0, 3),
    seed=st.integers(0, 1000),
)
def test_every_image_becomes_one_of_its_own_crops(
    n: int, channels: int, height: int, width: int, padding: int, seed: int
) -> None:
    inputs = images(n, channels, height, width)
    outputs = CropFlip(padding)(inputs, generator(seed))
    assert outputs.shape == inputs.shape
    for image, output in zip(F.pad(inputs, [padding] * 4), outputs, strict=True):
        crops = [
            image[:, top : top + height, left : left + width]
            for top in range(2 * padding + 1)
            for left in range(2 * padding + 1)
        ]
        assert any(torch.equal(output, crop) or torch.equal(output, crop.flip(2)) for crop in crops)


def test_all_randomness_comes_from_the_generator() -> None:
    inputs = images(64, 3, 8, 8)
    untouched = inputs.clone()
    state = torch.get_rng_state()
    first, again, other = (CropFlip()(inputs, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(inputs, untouched)
    assert torch.equal(torch.get_rng_state(), state)


def test_crops_and_flips_are_uniform() -> None:
    # One pixel in the middle of a 3 x 3 image shows where the crop was taken; its left neighbour shows the flip.
    inputs = torch.zeros(18_000, 1, 3, 3)
    inputs[:, 0, 1, 1], inputs[:, 0, 1, 0] = 1, 2
    outputs = CropFlip(padding=1)(inputs, generator(0))
    found = (outputs == 1).flatten(1).float()
    assert bool((found.sum(1) == 1).all())
    frequency = found.mean(0)
    assert float((frequency - 1 / 9).abs().max()) < 0.01
    centred = outputs[outputs[:, 0, 1, 1] == 1]
    assert abs(float((centred[:, 0, 1, 2] == 2).float().mean()) - 0.5) < 0.05


def test_without_padding_only_flips_remain() -> None:
    inputs = images(100, 1, 4, 4)
    outputs = CropFlip(padding=0)(inputs, generator(0))
    flipped = (outputs == inputs.flip(3)).flatten(1).all(1)
    same = (outputs == inputs).flatten(1).all(1)
    assert bool((flipped ^ same).all())
    assert 25 < int(flipped.sum()) < 75


def test_a_resized_crop_of_everything_is_the_image_or_its_mirror_image() -> None:
    inputs = images(40, 3, 6, 6)
    outputs = ResizedCropFlip(area=(1.0, 1.0), ratio=(1.0, 1.0))(inputs, generator(0))
    mirrored = [torch.allclose(output, image.flip(2)) for image, output in zip(inputs, outputs, strict=True)]
    assert 10 < sum(mirrored) < 30
    for flipped, image, output in zip(mirrored, inputs, outputs, strict=True):
        torch.testing.assert_close(output, image.flip(2) if flipped else image)


@given(st.floats(0.05, 1.0), st.floats(0.3, 1.0), st.integers(0, 1000))
def test_a_resized_crop_lies_inside_the_image_and_has_the_area_asked_for(area: float, narrow: float, seed: int) -> None:
    # Where each pixel comes from can be read off an image of coordinates.
    side = 64
    place = (torch.arange(side) + 0.5) / side
    inputs = torch.stack([place.expand(side, side), place.expand(side, side).T])[None].repeat(8, 1, 1, 1)
    outputs = ResizedCropFlip((area, area), (narrow, 1 / narrow))(inputs, generator(seed))
    assert outputs.min() >= 0
    assert outputs.max() <= 1
    spread = (outputs.amax((2, 3)) - outputs.amin((2, 3))) * side / (side - 1)
    for width, height in spread.tolist():
        assert width * height < area * 1.1
        fits = max(width, height) < 0.95  # or the part would reach over the image's edge, and is cut
        assert not fits or width * height > area * 0.9
        assert not fits or narrow * 0.9 < width / height < 1.1 / narrow


def test_resized_crops_draw_from_the_generator_alone() -> None:
    inputs = images(16, 3, 8, 8)
    state = torch.get_rng_state()
    first, again, other = (ResizedCropFlip()(inputs, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)
