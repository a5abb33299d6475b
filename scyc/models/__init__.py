"""Small networks for pruning studies. Weights come from PyTorch's default generator, so the caller can seed them."""

from scyc.models.lenet import lenet5
from scyc.models.mlp import mlp
from scyc.models.resnet import resnet20

__all__ = ["lenet5", "mlp", "resnet20"]
