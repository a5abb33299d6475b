"""VGG-19 with batch normalisation (Simonyan & Zisserman, ICLR 2015), in the form for CIFAR and in ImageNet's."""

from __future__ import annotations

from typing import cast

from torch import nn

from scyc.data.sources import optional_module
from scyc.models.convolutions import pooled_convolutions

_STAGES = ([64] * 2, [128] * 2, [256] * 4, [512] * 4, [512] * 4)


def vgg19(channels: int = 3, size: int = 32, classes: int = 10) -> nn.Sequential:
    """Return the VGG-19 of the pruning literature: sixteen convolutions and one linear layer.

    Maps images of shape (N, channels, size, size) to logits of shape (N, classes); 20,040,522 parameters at the
    defaults.

    Raises:
        InputError: when the images have a side below 32 pixels.
    """
    layers, features = pooled_convolutions(_STAGES, channels, size, batch_norm=True)
    model = nn.Sequential(*layers, nn.Linear(features, classes))
    for module in model:
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return model


def vgg19_imagenet(classes: int = 1000) -> nn.Module:
    """Return torchvision's `vgg19_bn` without trained weights; maps (N, 3, 224, 224) to logits (N, classes).

    Raises:
        InputError: torchvision is not installed.
    """
    models = optional_module("torchvision.models", "torchvision", "The network vgg-19-imagenet")
    return cast("nn.Module", models.vgg19_bn(weights=None, num_classes=classes))
