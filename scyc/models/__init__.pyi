from .conv_pairs import conv
from .dropnet import dropnet_a, dropnet_b, dropnet_c
from .lenet import lenet5
from .named import Network, find_network, network_names
from .perceptron import mlp
from .resnet import resnet8, resnet20
from .resnet_imagenet import resnet50, resnet50_imagenet
from .vgg import vgg19, vgg19_imagenet
from .vit import vit_b_16, vit_small

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
