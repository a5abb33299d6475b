"""Vision transformers (Dosovitskiy et al., ICLR 2021), as torchvision builds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from scyc.data.sources import optional_module
from scyc.errors import InputError

if TYPE_CHECKING:
    from torch import nn

PATCHES = 8  # per side


def vit_small(size: int = 32, classes: int = 10) -> nn.Module:
    """Return a transformer for small images: 8 x 8 patches, 6 layers, width 192, 3 heads; 2.7 million parameters.

    The width is ViT-Tiny's; torchvision's classifier starts at zero.

    Args:
        size: side of the images in pixels, a multiple of 8; maps (N, 3, size, size) to logits (N, classes).
        classes: number of classes.

    Raises:
        InputError: when `size` is no multiple of 8, or torchvision is not installed.
    """
    if size < PATCHES or size % PATCHES:
        raise InputError(
            f"The network vit-small cuts images into 8 x 8 patches, so their side cannot be {size} pixels; choose "
            "a multiple of 8."
        )
    transformer = _torchvision("vit-small").VisionTransformer(
        image_size=size,
        patch_size=size // PATCHES,
        num_layers=6,
        num_heads=3,
        hidden_dim=192,
        mlp_dim=768,
        num_classes=classes,
    )
    return cast("nn.Module", transformer)


def vit_b_16(classes: int = 1000) -> nn.Module:
    """Return ViT-B/16 without trained weights; maps (N, 3, 224, 224) to logits (N, classes).

    Raises:
        InputError: torchvision is not installed.
    """
    return cast("nn.Module", _torchvision("vit-b-16").vit_b_16(weights=None, num_classes=classes))


def _torchvision(name: str) -> Any:
    return optional_module("torchvision.models", "torchvision", f"The network {name}")
