"""Random changes to training batches, on the device and for the whole batch at once."""

from __future__ import annotations

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
