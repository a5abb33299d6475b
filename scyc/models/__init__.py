"""Networks for pruning studies. Weights come from PyTorch's default generator, so the caller can seed them."""

from typing import TYPE_CHECKING

from scyc.lazy import lazy_names

if TYPE_CHECKING:
    from scyc.models.conv_pairs import conv
    from scyc.models.dropnet import dropnet_a, dropnet_b, dropnet_c
    from scyc.models.lenet import lenet5
    from scyc.models.named import Network, find_network, network_names
    from scyc.models.perceptron import mlp
    from scyc.models.resnet import resnet8, resnet20
    from scyc.models.resnet_imagenet import resnet50, resnet50_imagenet
    from scyc.models.vgg import vgg19, vgg19_imagenet
    from scyc.models.vit import vit_b_16, vit_small
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "conv_pairs": ["conv"],
            "dropnet": ["dropnet_a", "dropnet_b", "dropnet_c"],
            "lenet": ["lenet5"],
            "perceptron": ["mlp"],
            "named": ["Network", "find_network", "network_names"],
            "resnet": ["resnet8", "resnet20"],
            "resnet_imagenet": ["resnet50", "resnet50_imagenet"],
            "vgg": ["vgg19", "vgg19_imagenet"],
            "vit": ["vit_b_16", "vit_small"],
        },
    )

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
