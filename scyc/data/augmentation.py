"""Random changes to training batches, on the device and for the whole batch at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F


class Augmentation(Protocol):
    """Changes a training batch at random; shape, type and device stay as they are."""

    def __call__(self, inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return a changed copy of `inputs`; all randomness comes from `generator`."""
        ...


@dataclass(frozen=True)
class CropFlip:
    """Random crop from the zero-padded image, then a horizontal flip of every other one (He et al. 2015, sec. 4.2).

    Zero is the mean colour of normalised images.

    Attributes:
        padding: zeros on each of the four sides, in pixels; the crop has the original size.
    """

    padding: int = 4

    def __call__(self, inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return a crop of each image, flipped or not.

        Args:
            inputs: images of shape (N, C, H, W).
            generator: on any device; one on the CPU gives the same crops whatever device the images are on.
        """
        n, channels, height, width = inputs.shape

        def draw(*shape: int, below: int) -> torch.Tensor:
            return torch.randint(below, shape, generator=generator, device=generator.device).to(inputs.device)

        top, left = draw(2, n, 1, below=2 * self.padding + 1)
        flip = draw(n, 1, below=2).bool()
        rows = top + torch.arange(height, device=inputs.device)
        columns = left + torch.arange(width, device=inputs.device)
        columns = torch.where(flip, columns.flip(1), columns)

        padded = F.pad(inputs, [self.padding] * 4)
        positions = rows[:, :, None] * padded.shape[3] + columns[:, None, :]  # in the flattened padded image
        positions = positions.flatten(1)[:, None].expand(-1, channels, -1)
        return padded.flatten(2).gather(2, positions).view(n, channels, height, width)


@dataclass(frozen=True)
class ResizedCropFlip:
    """Random part of the image, stretched to the whole one's size, then a horizontal flip of every other one.

    The usual augmentation of ImageNet (Szegedy et al., "Going deeper with convolutions", CVPR 2015, sec. 6;
    torchvision's `RandomResizedCrop`), drawn anew for each image of the batch; interpolated bilinearly.

    Attributes:
        area: smallest and largest share of the image's area, in (0, 1].
        ratio: smallest and largest ratio of the part's width to its height.
    """

    area: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)

    def __call__(self, inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return a part of each image, flipped or not.

        Args:
            inputs: images of shape (N, C, H, W).
            generator: on any device; one on the CPU gives the same parts whatever device the images are on.
        """
        n = len(inputs)
        drawn = torch.rand(5, n, generator=generator, device=generator.device).to(inputs.device)
        area = self.area[0] + drawn[0] * (self.area[1] - self.area[0])
        low, high = math.log(self.ratio[0]), math.log(self.ratio[1])
        ratio = torch.exp(low + drawn[1] * (high - low))
        width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
        # In the coordinates of `affine_grid` the image reaches from -1 to 1, so a part has its middle in -1+w ... 1-w.
        x, y = (2 * drawn[2] - 1) * (1 - width), (2 * drawn[3] - 1) * (1 - height)
        zero = torch.zeros_like(x)
        flipped = torch.where(drawn[4] < 0.5, -width, width)
        parts = torch.stack([flipped, zero, x, zero, height, y], dim=1).view(n, 2, 3)
        grid = F.affine_grid(parts.to(inputs.dtype), list(inputs.shape), align_corners=False)
        return F.grid_sample(inputs, grid, align_corners=False, padding_mode="border")
