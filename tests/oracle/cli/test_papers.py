"""Every command of docs/papers.md, at a size that takes a second or two, on made-up images where they are needed."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.models import VisionTransformer
from torchvision.models.vgg import VGG, cfgs, make_layers

from benchmarks.papers import ROOT, rows, write_digits
from oracle.spec.presets import preset_names
from scyc.models import network_names
from scyc.pruning import CRITERIA
from scyc.workloads import workload_names
from tests.scyc.data import (
    test_cifar10,
    test_cifar100,
    test_fashion_mnist,
    test_imagenet,
    test_mnist,
    test_tiny_imagenet,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.papers import Row
    from tests.oracle.cli.conftest import Ended

ROWS = rows()
SMALL = ["epochs=1", "levels=2", "seeds=[0]", "batch_size=8", "pruning.rewind_step=1", "search.max_lr.values=[0.05]"]
ALONE = [*SMALL, "levels=1"]
"""For networks too large for more than one step."""
FEW = {"vit-b-16": "folder:few@224/vit-b-16"}
"""Instead of ImageNet; where a network does not need 224 x 224 pixels, it gets 64 x 64."""


def narrow_vgg(weights: None, num_classes: int) -> nn.Module:
    """torchvision's VGG-19 at a sixteenth of its width: the real one has 144 million weights."""
    with torch.device("meta"):
        model = VGG(nn.Identity(), num_classes, init_weights=False)
    model.features = make_layers([width if isinstance(width, str) else width // 16 for width in cfgs["E"]], True)
    model.classifier = nn.Sequential(nn.Linear(32 * 7 * 7, 64), nn.ReLU(), nn.Dropout(), nn.Linear(64, num_classes))
    return cast("nn.Module", model)


def narrow_vit(weights: None, num_classes: int) -> nn.Module:
    """torchvision's ViT-B/16 with two layers of twelve, and a twelfth of its width."""
    size: dict[str, int] = {"num_layers": 2, "num_heads": 2, "hidden_dim": 64, "mlp_dim": 128}
    return cast("nn.Module", VisionTransformer(224, 16, num_classes=num_classes, **size))


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the largest networks, whose sizes are tested elsewhere, so small that they are trained soon."""
    monkeypatch.setattr("torchvision.models.vgg19_bn", narrow_vgg)
    monkeypatch.setattr("torchvision.models.vit_b_16", narrow_vit)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every data set that the table names, each in the layout that is published."""
    folder = tmp_path_factory.mktemp("data")
    test_mnist.write(folder / "MNIST" / "raw")
    test_fashion_mnist.write(folder / "FashionMNIST" / "raw")
    test_cifar10.write(folder, "bin")
    test_cifar100.write(folder, "py")
    test_tiny_imagenet.write(folder)
    test_imagenet.write(folder)
    write_digits(folder)
    random = np.random.default_rng(0)
    for i in range(12):
        place = folder / "few" / "train" / str(i % 2)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (224, 224, 3), dtype=np.uint8)).save(place / f"{i}.png")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all of them run, one after the other: later ones use an earlier one's study."""
    folder = tmp_path_factory.mktemp("papers")
    (folder / "examples").mkdir()
    shutil.copy(ROOT / "examples" / "quick.toml", folder / "examples")
    return folder


def smaller(command: list[str]) -> list[str]:
    """Return the command's arguments, with what makes it small."""
    arguments = command[1:]
    match arguments[0]:
        case "sweep":
            alone = any(part.endswith(("/resnet-50", "/vgg-19", "-imagenet", "/vit-b-16")) for part in arguments)
            arguments = [
                re.sub("=imagenet/(.*)", lambda m: f"={FEW.get(m[1], f'folder:few@64/{m[1]}')}", part)
                for part in arguments
            ]
            arguments = [part.replace("=folder:digits@", "=folder:few@") for part in arguments]
            settings = ALONE if alone else SMALL
            if any("imagenet@" in part for part in arguments):  # a thousand images
                settings, arguments = [*ALONE, "batch_size=160"], [part.replace("@32", "@8") for part in arguments]
            if "examples/quick.toml" in arguments:  # a level of one step has no room for the default's warm-up
                settings = [*settings, "profile.kind=constant"]
            kept = [part for part in settings if not (part.startswith("search") and "adamw" in str(arguments))]
            return [*arguments, *(f"--set={setting}" for setting in kept), "--executor", "inline"]
        case "run":
            return [*arguments, "--executor", "inline"]
        case "dropnet":
            return [*arguments, "--epochs", "1", "--cycles", "2"]
        case "single-neuron":
            return [*arguments, "--runs", "20", "--steps", "20"]
        case _:
            return arguments


@pytest.mark.parametrize("row", ROWS, ids=[row.system for row in ROWS])
@pytest.mark.slow
def test_the_command_runs(
    scyc: Callable[..., Ended], row: Row, data: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SCYC_DATA", str(data))
    ended = scyc(*smaller(row.command))
    assert ended.code == 0, ended.err
    assert re.search(r"\d", ended.out)


def test_nothing_is_left_out() -> None:
    commands = [" ".join(row.command) for row in ROWS]
    assert len(set(commands)) == len(commands)
    everything = " ".join(commands)
    networks = [name for name in network_names() if not name.startswith(("dropnet-a-", "dropnet-b-"))]
    for name in [*networks, *preset_names(), *(name for name in CRITERIA if name != "magnitude")]:
        assert re.search(rf"[/= ]{re.escape(name)}\b", everything), name
    for data_set in {name.split("/")[0] for name in workload_names()}:
        assert re.search(rf"workload={data_set}[@/]", everything), data_set


def test_every_row_says_what_it_gave() -> None:
    assert [row.system for row in ROWS if not row.gave] == []
