"""ResNets for CIFAR (He, Zhang, Ren & Sun, "Deep residual learning", 2015, section 4.2)."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import nn


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut without parameters (option A of the paper).

    Maps (N, inputs, H, W) to (N, outputs, H / stride, W / stride).
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.new_channels = outputs - inputs
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the block's activations."""
        residual = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(inputs)))))
        # Option A: skip pixels, and fill new channels with zeros, half of them in front.
        shortcut = inputs[:, :, :: self.stride, :: self.stride]
        front = self.new_channels // 2
        shortcut = F.pad(shortcut, (0, 0, 0, 0, front, self.new_channels - front))
        return F.relu(residual + shortcut)


class CifarResNet(nn.Module):
    """ResNet of depth 6n + 2: three stages of n blocks with 16, 32 and 64 channels.

    Maps images of shape (N, channels, H, W), 3 x 32 x 32 in the paper, to logits of shape (N, classes).
    """

    def __init__(self, blocks_per_stage: int, classes: int, channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 16, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        blocks: list[nn.Module] = []
        inputs = 16
        for width in (16, 32, 64):
            for i in range(blocks_per_stage):
                blocks.append(BasicBlock(inputs, width, stride=2 if i == 0 and width > 16 else 1))
                inputs = width
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        features = self.blocks(F.relu(self.bn(self.conv(inputs))))
        return cast("torch.Tensor", self.fc(features.mean((2, 3))))


def resnet20(classes: int = 10, channels: int = 3) -> CifarResNet:
    """Return the ResNet-20 for CIFAR-10: 0.27 million parameters, 91.25 % test accuracy in the paper."""
    return CifarResNet(3, classes, channels)


def resnet8(classes: int = 10, channels: int = 3) -> CifarResNet:
    """Return the smallest of the family, one block per stage: 75,290 parameters, for machines without a GPU."""
    return CifarResNet(1, classes, channels)
