from __future__ import annotations

from typing import Any

import pytest
import torch

from scyc.data import Dataset, Reading, Split, check_dataset, load_mnist1d, summarise
from scyc.errors import InputError
from scyc.protocol import Protocol
from scyc.training.recipe import Recipe
from scyc.workloads import load_workload


def split(start: int, targets: list[int]) -> Split:
    return Split(torch.arange(start, start + len(targets))[:, None] + torch.zeros(1, 5), torch.tensor(targets))


def dataset(**parts: Any) -> Dataset:
    splits: dict[str, Any] = {"train": split(0, [0, 1, 2, 0]), "validation": split(10, [0, 1]), "test": split(20, [2])}
    return Dataset(**{"num_classes": 3} | splits | parts)


def test_everything_is_said_in_a_line() -> None:
    assert summarise(dataset(), batch_size=2) == (
        "4 training, 2 validation and 1 test examples of shape (5,), values from 0 to 3; 3 classes "
        "(0: 2/1/0, 1: 1/1/0, 2: 1/0/1); no validation example of class 2; no test example of class 0, 1; "
        "the test split is smaller than a batch of 2, so its accuracy moves in steps of 100 points."
    )


def test_what_reading_the_files_has_shown_is_said() -> None:
    reading = Reading(classes=("ant", "bee", "cat"), low=0, high=65535, notes=("left out of train: 3 hidden",))
    line = summarise(dataset(reading=reading).to("cpu").flattened())
    assert "values from 0 to 65535 before they are standardised; 3 classes (ant: 2/1/0, bee: 1/1/0, cat: 1/0/1)" in line
    assert "; left out of train: 3 hidden; " in line


def test_examples_that_are_watched_are_said() -> None:
    said = "every epoch but the last is validated on the first 1 validation examples"
    assert said in summarise(dataset(watched=1))
    assert "every epoch" not in summarise(dataset(watched=2))


def test_many_classes_are_abbreviated() -> None:
    many = dataset(train=split(0, [*range(300), 7]), num_classes=300)
    line = summarise(many)
    assert "300 classes (1-2/0-1/0-1 examples each)" in line
    assert "no test example of class 0, 1, 3, 4, 5, 6, 7, 8, 9, 10 and 289 more" in line
    assert len(summarise(load_mnist1d())) < 300


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"test": split(2, [0, 1, 2])}, "test inputs that are also training inputs: 2 of 3"),
        ({"validation": split(0, [0, 1])}, "validation inputs that are also training inputs: 2 of 2"),
        ({"test": split(11, [0, 1, 2])}, "test inputs that are also validation inputs: 1 of 3"),
    ],
)
def test_inputs_in_two_splits_are_counted(parts: Any, said: str) -> None:
    assert said in summarise(dataset(**parts))
    assert "also" not in summarise(dataset())


def test_inputs_that_differ_in_one_value_are_not_the_same() -> None:
    images = torch.zeros(2, 3, 40, 40)
    images[1, 1, 7, 9] = 1
    one, other = Split(images[:1], torch.tensor([0])), Split(images[1:], torch.tensor([1]))
    assert "also" not in summarise(Dataset(one, other, split(0, [1]), 2))


ARRAY: Any = torch.eye(3).numpy()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"test": split(0, [])}, "The test split of mine has no examples"),
        ({"train": split(0, [1, 1])}, r"mine are of one class \(1\)"),
        ({"train": Split(torch.ones(4, 2), torch.arange(4) % 3)}, "All training inputs of mine are equal"),
        ({"train": Split(torch.ones(3, 2), torch.arange(4) % 3)}, r"shape \(3, 2\) and targets of shape \(4,\)"),
        ({"validation": Split(torch.ones(3, 2), torch.eye(3, dtype=torch.int64))}, r"targets of shape \(3, 3\)"),
        ({"validation": split(0, [0, 3])}, "validation split of mine has targets from 0 to 3, but there are 3 classes"),
        ({"test": split(0, [-1, 2])}, "targets from -1 to 2"),
        ({"test": Split(torch.tensor([[1.0], [torch.nan]]), torch.tensor([0, 1]))}, "NaN or infinite"),
        ({"test": Split(torch.ones(2, 1), torch.tensor([0.0, 1]))}, "test split of mine has targets of the type float"),
        ({"train": Split(torch.eye(3), torch.arange(3).int())}, "targets of the type int32: give class indices"),
        ({"train": Split(ARRAY, torch.arange(3))}, "training split of mine has inputs of type ndarray: give tensors"),
        ({"test": Split(torch.eye(3), ARRAY)}, "test split of mine has targets of type ndarray: give tensors"),
        ({"train": Split(torch.tensor([[1.0], [torch.inf]]), torch.tensor([0, 1]))}, "NaN or infinite"),
        ({"watched": 0}, "Mine has watched = 0, but it has 2 validation examples: give a whole number from 1 to 2"),
        ({"watched": 3}, "Mine has watched = 3"),
        ({"watched": 1.0}, "Mine has watched = 1.0"),
    ],
)  # fmt: skip
def test_unfit_data_are_refused(parts: Any, message: str) -> None:
    check_dataset(dataset(), "mine")
    with pytest.raises(InputError, match=message):
        check_dataset(dataset(**parts), "mine")


def test_a_study_of_unfit_data_is_refused_before_it_starts() -> None:
    protocol = Protocol(load_workload("mnist1d/mlp-10"), Recipe(batch_size=2))
    protocol.check(dataset())
    with pytest.raises(InputError, match="The test split of the workload 'mnist1d/mlp-10' has targets from 0 to 9"):
        protocol.check(dataset(test=split(0, [0, 9])))
