from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from scyc.data import load_imagenet
from scyc.errors import InputError
from scyc.workloads import load_workload

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = [f"n{i:08}" for i in range(1000)]
PIXELS = 24


def write(root: Path) -> Path:
    """A training and a validation image of every class, their red a quarter of its number."""
    folder = root / "imagenet"
    for i, name in enumerate(CLASSES):
        image = Image.fromarray(np.full((PIXELS, PIXELS + i % 3, 3), (i // 4, 100, 50), np.uint8))
        for part, file in (("train", f"{name}_{i}.JPEG"), ("val", f"ILSVRC2012_val_{i:08}.JPEG")):
            place = folder / part / name
            place.mkdir(parents=True)
            image.save(place / file, "JPEG")
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imagenet")
    write(folder)
    return folder


def test_published_validation_images_are_for_testing(root: Path) -> None:
    data = load_imagenet(16, root)
    assert (len(data.train), len(data.validation), len(data.test)) == (960, 40, 1000)
    assert data.num_classes == 1000
    assert data.test.targets.tolist() == list(range(1000))
    [(inputs, targets)] = data.validation.batches(40)
    red = 255 * (inputs[:, 0] * 0.229 + 0.485)
    assert torch.allclose(red.mean((1, 2)), (targets // 4).float(), atol=3)  # JPEG is not exact


@pytest.mark.parametrize(("name", "side"), [("imagenet/resnet-50-imagenet", 224), ("imagenet@64/resnet-50", 64)])
def test_the_name_says_the_size(root: Path, monkeypatch: pytest.MonkeyPatch, name: str, side: int) -> None:
    monkeypatch.setenv("SCYC_DATA", str(root))
    workload = load_workload(name)
    assert workload.load_data().train.shape == (3, side, side)
    assert workload.augmentation is not None
    with torch.device("meta"):
        assert workload.build_model()(torch.empty(2, 3, side, side)).shape == (2, 1000)


def test_missing_classes_are_counted(root: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"train has 0 class folders and val 0, not 1000 each: .*image-net\.org"):
        load_imagenet(16, tmp_path)
    shutil.copytree(root, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "imagenet" / "val" / CLASSES[7])
    with pytest.raises(InputError, match="train has 1000 class folders and val 999"):
        load_imagenet(16, tmp_path)


def test_no_other_data_set_takes_a_size() -> None:
    with pytest.raises(InputError, match="There is no workload 'cifar10@64/resnet-20'"):
        load_workload("cifar10@64/resnet-20")
