"""Networks for pruning studies. Weights come from PyTorch's default generator, so the caller can seed them."""

from scyc.models.conv import conv
from scyc.models.dropnet import dropnet_a, dropnet_b, dropnet_c
from scyc.models.lenet import lenet5
from scyc.models.mlp import mlp
from scyc.models.named import Network, find_network, network_names
from scyc.models.resnet import resnet8, resnet20
from scyc.models.resnet50 import resnet50, resnet50_imagenet
from scyc.models.vgg import vgg19, vgg19_imagenet
from scyc.models.vit import vit_b_16, vit_small

__all__ = [
    "Network",
    "conv",
    "dropnet_a",
    "dropnet_b",
    "dropnet_c",
    "find_network",
    "lenet5",
    "mlp",
    "network_names",
    "resnet8",
    "resnet20",
    "resnet50",
    "resnet50_imagenet",
    "vgg19",
    "vgg19_imagenet",
    "vit_b_16",
    "vit_small",
]
