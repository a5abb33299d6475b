"""ResNet-50 (He, Zhang, Ren & Sun, "Deep residual learning", 2015, section 4.1), as torchvision builds it."""

from __future__ import annotations

from typing import cast

from torch import nn

from scyc.data.sources import optional_module


def resnet50_imagenet(classes: int = 1000) -> nn.Module:
    """Return ResNet-50 in the form for ImageNet; maps (N, 3, H, W), usually 224 x 224, to logits (N, classes).

    Raises:
        InputError: torchvision is not installed.
    """
    models = optional_module("torchvision.models", "torchvision", "The network resnet-50")
    return cast("nn.Module", models.resnet50(weights=None, num_classes=classes))


def resnet50(channels: int = 3, classes: int = 10) -> nn.Module:
    """Return ResNet-50 for small images; maps (N, channels, H, W), say 32 x 32 or 64 x 64, to logits (N, classes).

    Its stem keeps the image's size, as is usual for CIFAR: a 3 x 3 convolution of stride 1 and no max pooling.

    Raises:
        InputError: torchvision is not installed.
    """
    model = resnet50_imagenet(classes)
    model.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")  # as torchvision's own
    model.maxpool = nn.Identity()
    return model
