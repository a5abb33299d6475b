from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scyc.data import load_npz
from scyc.data.user_data import Examples, user_dataset
from scyc.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

RNG = np.random.default_rng(0)
LABELS = np.arange(40) % 4


def save(folder: Path, **arrays: Any) -> Path:
    path = folder / "mine.npz"
    np.savez(path, **arrays)
    return path


def vectors(count: int, start: int = 0) -> npt.NDArray[np.float64]:
    """Vectors whose first feature numbers them."""
    return np.stack([np.arange(start, start + count), RNG.normal(size=count)], 1)


def test_missing_splits_are_held_out(tmp_path: Path) -> None:
    path = save(tmp_path, x_train=vectors(40), y_train=np.arange(40), unused=np.array(["text"]))
    data = load_npz(path)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [32, 4, 4]
    assert data.num_classes == 40
    targets = torch.cat([data.train.targets, data.validation.targets, data.test.targets])
    assert targets.sort().values.tolist() == list(range(40))
    again = load_npz(path)
    assert torch.equal(again.train.targets, data.train.targets)
    assert torch.equal(again.train.inputs, data.train.inputs)
    assert abs(float(data.train.inputs.mean())) < 1e-6
    assert float(data.train.inputs.std(correction=0)) == pytest.approx(1)


@pytest.mark.parametrize("given_too", ["val", "test", "val and test"])
def test_given_splits_are_taken(tmp_path: Path, given_too: str) -> None:
    arrays = {"x_train": vectors(40), "y_train": np.arange(40)}
    start = 40
    for part in ("val", "test"):
        if part in given_too:
            arrays |= {f"x_{part}": vectors(10, start), f"y_{part}": np.arange(start, start + 10) % 40}
            start += 10
    data = load_npz(save(tmp_path, **arrays))
    splits = (data.train, data.validation, data.test)
    first = torch.cat([split.inputs[:, 0] for split in splits]).double()
    numbers = ((first - first.min()) / (first.max() - first.min()) * (len(first) - 1)).round().long()
    assert torch.equal(numbers % 40, torch.cat([split.targets for split in splits]))  # they still belong together
    train, validation, test = (
        part.sort().values.tolist() for part in torch.split(numbers, [len(split) for split in splits])
    )
    assert validation == list(range(40, 50)) if "val" in given_too else len(validation) == 4
    assert test == list(range(len(first) - 10, len(first))) if "test" in given_too else len(test) == 4
    assert len(train) == (40 if given_too == "val and test" else 36)
    assert sorted([*train, *validation, *test]) == list(range(len(first)))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((7,), (7,)),
        ((5, 6), (1, 5, 6)),
        ((5, 6, 1), (1, 5, 6)),
        ((5, 6, 3), (3, 5, 6)),
        ((3, 5, 6), (3, 5, 6)),
        ((4, 6, 2), (2, 4, 6)),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float64, np.int16, np.float32])
def test_layouts_and_types(
    tmp_path: Path, shape: tuple[int, ...], expected: tuple[int, ...], dtype: type[np.generic]
) -> None:
    inputs = RNG.integers(0, 200, (40, *shape)).astype(dtype)
    data = load_npz(
        save(tmp_path, x_train=inputs, y_train=LABELS[:, None], x_test=inputs, y_test=LABELS.astype(np.uint8))
    )
    assert data.test.inputs.shape == (40, *expected)
    assert (data.test.inputs.dtype, data.test.targets.dtype) == (torch.float32, torch.int64)
    channels = data.train.inputs.transpose(0, 1).flatten(1)
    assert torch.allclose(channels.mean(1), torch.zeros(len(channels)), atol=1e-5)
    assert torch.allclose(channels.std(1, correction=0), torch.ones(len(channels)), atol=1e-5)
    if shape == (5, 6, 3):
        ranks = np.argsort(inputs[0].transpose(2, 0, 1)[0], axis=None, kind="stable")
        assert np.array_equal(np.argsort(data.test.inputs[0, 0].numpy(), axis=None, kind="stable"), ranks)


@pytest.mark.parametrize("value", [9, 0.1, -1e30])
def test_constant_channels_become_zero(tmp_path: Path, value: float) -> None:
    images = RNG.normal(size=(40, 2, 5, 5))
    images[:, 1] = value
    data = load_npz(save(tmp_path, x_train=images, y_train=LABELS))
    assert data.train.inputs[:, 0].any()
    assert not data.train.inputs[:, 1].any()
    assert data.reading.notes[-1] == "channels that are constant: 1 of 2"


@settings(max_examples=30, deadline=None)
@given(train=st.integers(1, 60), validation=st.integers(-1, 5), test=st.integers(-1, 5))
def test_every_example_is_in_one_split_or_the_data_are_refused(train: int, validation: int, test: int) -> None:
    def numbered(start: int, count: int) -> Examples:
        numbers = np.arange(start, start + count)
        return Examples(numbers[:, None], numbers)

    starts = {"train": (0, train), "val": (100, validation), "test": (200, test)}
    given_splits = {part: numbered(*found) for part, found in starts.items() if found[1] >= 0}
    if 0 in (validation, test) or (train < 6 and -1 in (validation, test)) or (train < 7 and validation == test == -1):
        with pytest.raises(InputError, match="here has too few examples"):
            user_dataset(given_splits, num_classes=300, source=Path("here"), notes=())
        return
    if train == 1:
        with pytest.raises(InputError, match="of one class"):
            user_dataset(given_splits, num_classes=300, source=Path("here"), notes=())
        return
    data = user_dataset(given_splits, num_classes=300, source=Path("here"), notes=())
    splits = (data.train, data.validation, data.test)
    assert all(len(split) for split in splits)
    found = sorted(torch.cat([split.targets for split in splits]).tolist())
    assert found == [int(i) for split in given_splits.values() for i in split.labels]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": vectors(3)}, "no arrays x_train and y_train, but a: "),
        ({"x_test": vectors(40), "y_test": LABELS}, "no arrays x_train and y_train, but x_test, y_test"),
        ({"x_train": vectors(40)}, "only one of x_train and y_train"),
        ({"x_train": vectors(40), "y_train": LABELS, "y_val": LABELS}, "only one of x_val and y_val"),
        ({"x_train": vectors(39), "y_train": LABELS}, "has 40 labels"),
        ({"x_train": np.float64(3), "y_train": LABELS}, "has 40 labels"),
        ({"x_train": vectors(40), "y_train": LABELS - 1}, "must hold class indices"),
        ({"x_train": vectors(40), "y_train": LABELS / 2}, "must hold class indices"),
        ({"x_train": vectors(40), "y_train": np.eye(40, dtype=int)}, "must hold class indices"),
        ({"x_train": np.zeros((0, 3)), "y_train": np.zeros(0, int)}, "must hold class indices"),
        ({"x_train": np.full((40, 2), np.nan), "y_train": LABELS}, "must hold finite numbers only"),
        ({"x_train": np.full((40, 3), "a"), "y_train": LABELS}, "must hold finite numbers only"),
        ({"x_train": np.zeros((40, 3), complex), "y_train": LABELS}, "must hold finite numbers only"),
        ({"x_train": np.zeros(40), "y_train": LABELS}, r"has the shape \(40,\): it must be"),
        ({"x_train": np.zeros((40, 0)), "y_train": LABELS}, r"has the shape \(40, 0\): it must be"),
        ({"x_train": np.zeros((40, 5, 5, 5)), "y_train": LABELS}, r"has the shape \(40, 5, 5, 5\): it must be"),
        ({"x_train": np.zeros((40, 5, 5, 1, 1)), "y_train": LABELS}, r"\(40, 5, 5, 1, 1\): it must be"),
        ({"x_train": vectors(40), "y_train": LABELS, "x_val": np.zeros((40, 3)), "y_val": LABELS}, "x_val .*same"),
        ({"x_train": vectors(5), "y_train": LABELS[:5]}, "too few examples"),
        ({"x_train": np.array([[None]] * 40), "y_train": LABELS}, "cannot be read .*allow_pickle=False"),
        ({"x_train": np.zeros((40, 3), "f8,i4"), "y_train": LABELS}, "must hold finite numbers only"),
        ({"x_train": np.zeros((40, 3), "M8[s]"), "y_train": LABELS}, "must hold finite numbers only"),
        ({"x_train": np.full((40, 2), np.inf, np.float16), "y_train": LABELS}, "must hold finite numbers only"),
        ({"x_train": np.full((40, 2), -1e39), "y_train": LABELS}, r"none beyond 3\.4e\+38"),
        ({"x_train": vectors(40), "y_train": np.full(40, 2**63, np.uint64)}, "must hold class indices"),
        ({"x_train": vectors(40), "y_train": np.full(40, np.nan)}, "must hold class indices"),
        ({"x_train": vectors(40), "y_train": LABELS + 1}, "labels up to 4, but none is 0: number the classes from 0"),
        ({"x_train": vectors(40), "y_train": 7 * LABELS}, "labels up to 21, but none is 1"),
        ({"x_train": vectors(40), "y_train": 0 * LABELS}, "are of one class"),
        ({"x_train": np.full((40, 2), 0.1), "y_train": LABELS}, "All training inputs of .*mine.npz are equal"),
        ({"x_train": vectors(40), "y_train": LABELS, "x_dev": vectors(9), "y_dev": np.arange(9)}, "y_dev .*class 8"),
        ({"x_train": vectors(40), "X_Train": vectors(40), "y_train": LABELS}, "x_train and X_Train .* same thing"),
        ({"x_val": vectors(9), "x_valid": vectors(9), "y_val": LABELS[:9]}, "x_val and x_valid .* same thing"),
    ],
)  # fmt: skip
def test_unfit_arrays_are_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_npz(save(tmp_path, **arrays))


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path, x_train=vectors(40), y_train=LABELS)
    content = path.read_bytes()
    for length in (0, 3, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(InputError, match=r"mine.npz cannot be read as an \.npz file"):
            load_npz(path)
    np.save(tmp_path / "array.npy", vectors(3))
    for other in (tmp_path / "array.npy", tmp_path):
        with pytest.raises(InputError, match=r"cannot be read as an \.npz file"):
            load_npz(other)
    with pytest.raises(InputError, match="There is no file"):
        load_npz(tmp_path / "nowhere.npz")


@pytest.mark.parametrize(
    ("x", "y", "dtype"),
    [("X_train", "Y_TRAIN", bool), ("x_training", "y_training", float), ("x_Train", "y_train", ">i8")],
)  # fmt: skip
def test_names_and_labels_that_are_nearly_right_are_understood(tmp_path: Path, x: str, y: str, dtype: Any) -> None:
    data = load_npz(save(tmp_path, **{x: vectors(40), y: (LABELS % 2).astype(dtype)}, x_extra=LABELS, weights=LABELS))
    assert data.num_classes == 2
    assert data.train.targets.sort().values.tolist() == sorted((LABELS % 2).tolist())[4:36]
    assert data.reading.notes[0] == f"not used in {tmp_path / 'mine.npz'}: x_extra, weights"


@pytest.mark.parametrize("name", ["valid", "VALIDATION", "dev"])
def test_a_validation_split_of_another_name_is_taken(tmp_path: Path, name: str) -> None:
    more = {f"x_{name}": vectors(12), f"y_{name}": LABELS[:12]}
    data = load_npz(save(tmp_path, x_train=vectors(40), y_train=LABELS, **more))
    assert (len(data.train), len(data.validation), len(data.test)) == (36, 12, 4)
    assert data.reading.notes == ("held out from the training examples: test",)
