from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from scyc.data import Dataset, Split, stream_image_folder
from scyc.data.class_folders import find_images
from scyc.data.image_files import read_image_files
from scyc.data.images import normalised
from scyc.data.streamed import MEAN, STD
from scyc.errors import InputError
from scyc.profiles import ConstantProfile
from scyc.protocol import Protocol
from scyc.training.evaluation import evaluate
from scyc.training.recipe import Recipe
from scyc.trial import run_trial
from scyc.workloads import load_workload

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ["ant", "bee", "cat"]
SIDE = 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """75 training and 12 test images of all sizes, larger than 8 x 8."""
    random = np.random.default_rng(0)
    for part, count in (("train", 75), ("val", 12)):
        for i in range(count):
            place = tmp_path / part / CLASSES[i % 3]
            place.mkdir(parents=True, exist_ok=True)
            pixels = random.integers(0, 256, (9 + i % 5, 9 + i % 4, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(place / f"{i:03}.png")
    return tmp_path


def resident(split: Split) -> Split:
    inputs, targets = zip(*split.batches(7), strict=True)
    return Split(torch.cat(inputs), torch.cat(targets))


def test_splits_are_disjoint_and_hold_everything(folder: Path) -> None:
    data = stream_image_folder(folder, SIDE)
    assert (len(data.train), len(data.validation), len(data.test), data.num_classes) == (72, 3, 12, 3)
    paths, labels, _ = find_images(folder / "train", CLASSES)
    everything = normalised(read_image_files(paths, labels, 3, SIDE), MEAN, STD)
    streamed = [resident(data.train), resident(data.validation)]
    images = torch.cat([split.inputs for split in streamed]).flatten(1)
    found = torch.cdist(images.double(), everything.inputs.flatten(1).double()).argmin(1)
    assert found.sort().values.tolist() == list(range(75))
    assert torch.equal(images, everything.inputs.flatten(1)[found])
    assert torch.equal(torch.cat([split.targets for split in streamed]), everything.targets[found])


def test_images_are_not_in_memory_but_have_a_shape(folder: Path) -> None:
    split = stream_image_folder(folder, SIDE).train
    assert split.inputs.is_meta
    assert split.shape == (3, SIDE, SIDE)
    assert split.device.type == "cpu"


@pytest.mark.parametrize("threads", [1, 2])
def test_batches_come_in_the_order_that_is_asked_for(folder: Path, threads: int) -> None:
    split = stream_image_folder(folder, SIDE).train
    memory = resident(split)
    order = torch.randperm(len(split), generator=torch.Generator().manual_seed(1))[:50]
    before, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(threads)  # the number of worker processes
    try:
        streamed = list(split.batches(16, order))
    finally:
        torch.set_num_threads(before)
    assert [len(targets) for _, targets in streamed] == [16, 16, 16, 2]
    for ours, expected in zip(streamed, memory.batches(16, order), strict=True):
        assert torch.equal(ours[0], expected[0])
        assert torch.equal(ours[1], expected[1])
    assert torch.equal(torch.get_rng_state(), state)


def test_a_trial_is_the_same_to_the_bit_as_with_the_images_in_memory(folder: Path) -> None:
    streamed = stream_image_folder(folder, SIDE)
    memory = Dataset(resident(streamed.train), resident(streamed.validation), resident(streamed.test), num_classes=3)
    workload = load_workload(f"stream:{folder}@{SIDE}/conv-2")
    protocol = Protocol(workload, Recipe(epochs=2, batch_size=16, profile=ConstantProfile()))
    one, other = (run_trial(protocol, data, seed=0, level=0, max_lr=0.05) for data in (streamed, memory))
    assert one.training.epochs == other.training.epochs
    assert one.training.test_loss == other.training.test_loss
    for name, tensor in one.checkpoint.state.items():
        assert torch.equal(tensor, other.checkpoint.state[name]), name


def test_the_first_images_are_read_from_their_files(folder: Path) -> None:
    data = replace(stream_image_folder(folder, SIDE), watched=2)
    assert torch.equal(resident(data.watched_split).inputs, resident(data.validation).inputs[:2])
    assert torch.equal(data.watched_split.targets, data.validation.targets[:2])


def test_a_workload_augments_what_it_streams(folder: Path) -> None:
    assert load_workload(f"stream:{folder}@{SIDE}/resnet-8").augmentation is not None
    assert load_workload(f"stream:{folder}@{SIDE}/conv-2").augmentation is None


def test_a_damaged_image_is_named(folder: Path) -> None:
    damaged = folder / "val" / "bee" / "001.png"
    damaged.write_bytes(b"no image")
    with pytest.raises(
        InputError, match=rf"^{damaged} cannot be read as an image \(.+\): fetch it again, or remove it"
    ):
        list(stream_image_folder(folder, SIDE).test.batches(4))


def test_vectors_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="choose a network that takes images"):
        load_workload(f"stream:{folder}@{SIDE}/mlp-10").load_data()


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_missing_part_is_named(folder: Path, part: str) -> None:
    (folder / part).rename(folder / "elsewhere")
    with pytest.raises(
        InputError, match=f"no images (for training )?in {folder / part}: they are expected in one folder per class"
    ):
        stream_image_folder(folder, SIDE)


def test_a_class_for_testing_alone_is_named(folder: Path) -> None:
    (folder / "val" / "cat").rename(folder / "val" / "dog")
    with pytest.raises(InputError, match="dog is a class that the training images do not have"):
        stream_image_folder(folder, SIDE)


@pytest.mark.parametrize("name", ["stream:{}/resnet-8", "stream:resnet-8", "stream:@8/resnet-8"])
def test_a_stream_needs_a_path_and_a_size(folder: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"must have the form stream:PATH@64/NETWORK"):
        load_workload(name.format(folder))


def test_evaluation_takes_fewer_large_images_at_a_time() -> None:
    seen: list[int] = []
    split = Split(torch.zeros(300, 3, 224, 224), torch.zeros(300, dtype=torch.int64))

    class Recorder(torch.nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            seen.append(len(inputs))
            return torch.zeros(len(inputs), 2)

    evaluate(Recorder(), split)
    assert seen == [222, 78]
