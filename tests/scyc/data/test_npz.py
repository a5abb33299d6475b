from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scyc.data import Split, load_npz
from scyc.data.user_data import user_dataset
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
    for part, start in (("val", 40), ("test", 50)):
        if part in given_too:
            arrays |= {f"x_{part}": vectors(10, start), f"y_{part}": np.arange(start, start + 10)}
    data = load_npz(save(tmp_path, **arrays))
    train, validation, test = (
        split.targets.sort().values.tolist() for split in (data.train, data.validation, data.test)
    )
    assert validation == list(range(40, 50)) if "val" in given_too else len(validation) == 4
    assert test == list(range(50, 60)) if "test" in given_too else len(test) == 4
    assert len(train) == 40 if given_too == "val and test" else 36
    assert not set(train) & set(validation)
    assert not set(train) & set(test)
    for split in (data.train, data.validation, data.test):  # numbers still belong to their labels
        numbers = split.inputs[:, 0] - split.inputs[0, 0]
        assert torch.allclose(
            numbers * (split.targets[-1] - split.targets[0]),
            numbers[-1] * (split.targets - split.targets[0]),
            atol=1e-2,
        )


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
    channels = data.train.inputs.transpose(0, 1).flatten(1) if len(expected) == 3 else data.train.inputs.flatten()[None]
    assert torch.allclose(channels.mean(1), torch.zeros(len(channels)), atol=1e-5)
    assert torch.allclose(channels.std(1, correction=0), torch.ones(len(channels)), atol=1e-5)
    if shape == (5, 6, 3):
        ranks = np.argsort(inputs[0].transpose(2, 0, 1)[0], axis=None, kind="stable")
        assert np.array_equal(np.argsort(data.test.inputs[0, 0].numpy(), axis=None, kind="stable"), ranks)


def test_constant_channels_become_zero(tmp_path: Path) -> None:
    data = load_npz(save(tmp_path, x_train=np.full((40, 3, 3), 9, np.uint8), y_train=LABELS))
    assert not data.train.inputs.any()


@settings(max_examples=30, deadline=None)
@given(train=st.integers(1, 60), validation=st.integers(-1, 5), test=st.integers(-1, 5))
def test_every_example_is_in_one_split_or_the_data_are_refused(train: int, validation: int, test: int) -> None:
    def numbered(start: int, count: int) -> Split | None:
        numbers = torch.arange(start, start + max(count, 0))
        return None if count < 0 else Split(numbers[:, None].double(), numbers)

    first = numbered(0, train)
    assert first is not None
    given_splits = (first, numbered(100, validation), numbered(200, test))
    if 0 in (validation, test) or (train < 6 and -1 in (validation, test)) or (train < 7 and validation == test == -1):
        with pytest.raises(InputError, match="here has too few examples"):
            user_dataset(*given_splits, num_classes=300, source=Path("here"))
        return
    data = user_dataset(*given_splits, num_classes=300, source=Path("here"))
    splits = (data.train, data.validation, data.test)
    assert all(len(split) for split in splits)
    found = sorted(torch.cat([split.targets for split in splits]).tolist())
    assert found == [int(i) for split in given_splits if split is not None for i in split.targets]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": vectors(3)}, "no arrays x_train and y_train, but none"),
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
