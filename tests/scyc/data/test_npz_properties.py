"""Whatever an .npz file holds, its numbers come out right, or one sentence says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from scyc.data import load_npz, summarise
from scyc.data.splitting import held_out_indices
from scyc.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

COUNT = 24
PARTS = ("train", "val", "test")
ORDERS = ("<", ">")
NUMBERS = [f"{order}{kind}" for order in ORDERS for kind in ("f2", "f4", "f8", "i2", "i4", "i8", "u2", "u4", "u8")]
LABELS = np.arange(COUNT) % 3


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("properties") / "mine.npz"


def read(path: Path, **given_arrays: Any) -> Any:
    """Return the data set, or the sentence."""
    np.savez(path, **given_arrays)
    try:
        return load_npz(path)
    except InputError as error:
        sentence = str(error)
    assert str(path) in sentence
    assert sentence.endswith(".")
    return None


def exact(column: npt.NDArray[Any]) -> list[Any]:
    """The numbers as Python's own, whose integers have no limit."""
    return [value if isinstance(value, int) else float(value) for value in column.tolist()]


def expected(column: npt.NDArray[Any], trained: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """A standardised feature, computed in Python from the lowest value upwards."""
    values = exact(column)
    low = min(values[i] for i in trained)
    span = max(values[i] for i in trained) - low
    if not span:
        return np.array([float(value - low) for value in values])
    shares = np.array([(value - low) / span for value in values])
    return np.asarray((shares - shares[trained].mean()) / shares[trained].std())


@settings(max_examples=60, deadline=None)
@given(data=st.data(), dtype=st.sampled_from(NUMBERS), fortran=st.booleans(), scale=st.integers(-30, 30))
def test_each_feature_of_a_table_is_standardised_for_itself(
    path: Path, data: st.DataObject, dtype: str, fortran: bool, scale: int
) -> None:
    numbers = arrays.from_dtype(np.dtype(dtype), allow_nan=False, allow_infinity=False)
    table = data.draw(arrays.arrays(np.dtype(dtype), (COUNT, 3), elements=numbers))
    if dtype.endswith("f8"):
        with np.errstate(all="ignore"):
            table = (table * 10.0**scale).astype(dtype)
        table[~np.isfinite(table)] = 1
    found = read(path, x_train=np.asfortranarray(table) if fortran else table, y_train=LABELS)
    if found is None:
        return
    kept, test = (part.numpy() for part in held_out_indices(COUNT, 0.1, 0))
    train, validation = (kept[part.numpy()] for part in held_out_indices(len(kept), 0.1, 1))
    for feature in range(3):
        column = expected(table[:, feature], train)
        for split, rows in ((found.train, train), (found.validation, validation), (found.test, test)):
            assert np.allclose(split.inputs[:, feature], column[rows], rtol=1e-5, atol=1e-5)
    assert torch.equal(found.train.targets, torch.tensor(LABELS[train]))
    assert summarise(found)


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    bad=st.sampled_from([np.nan, np.inf, -np.inf, 1e39, -1e300]),
    part=st.sampled_from(PARTS),
    dtype=st.sampled_from(["<f8", ">f8", "<f4", "f2", "g"]),
)
def test_one_value_that_is_not_finite_is_refused_wherever_it_is(
    path: Path, data: st.DataObject, bad: float, part: str, dtype: str
) -> None:
    tables: dict[str, Any] = {
        f"x_{name}": np.random.default_rng(0).normal(size=(COUNT, 3)).astype(dtype) for name in PARTS
    }
    with np.errstate(over="ignore"):
        tables[f"x_{part}"][data.draw(st.integers(0, COUNT - 1)), data.draw(st.integers(0, 2))] = bad
    tables |= {f"y_{name}": LABELS for name in PARTS}
    np.savez(path, **tables)
    with pytest.raises(InputError, match=f"x_{part} in .* must hold finite numbers only"):
        load_npz(path)


@settings(max_examples=60, deadline=None)
@given(
    outlier=st.floats(1, 300) | st.floats(6, 10),
    dtype=st.sampled_from(["<f8", ">f8", "<f4"]),
    rank=st.sampled_from([2, 3, 4]),
)
def test_values_beside_an_outlier_stay_apart_or_are_refused(path: Path, outlier: float, dtype: str, rank: int) -> None:
    inputs = np.random.default_rng(0).normal(size=(COUNT, *(6, 7, 5)[: rank - 1]))
    with np.errstate(over="ignore"):
        inputs.reshape(COUNT, -1)[5, 0] = 10**outlier
        inputs = inputs.astype(dtype)
    found = read(path, x_train=inputs, y_train=LABELS, x_test=inputs, y_test=LABELS)
    if found is not None:
        feature = found.train.inputs[:, 0]  # or channel, of images
        assert (feature.diff(dim=0) != 0).double().mean() >= 0.5
        assert found.test.inputs.isfinite().all()


@settings(max_examples=60, deadline=None)
@given(
    dtype=st.sampled_from(["u1", "<i2", ">i2", "<f4", ">f4", "<f8", "f2", "?", "<i8"]),
    shape=st.sampled_from([(5, 6), (5, 6, 1), (5, 6, 3), (3, 5, 6), (2, 5, 6), (5, 6, 4)]),
    fortran=st.booleans(),
    offset=st.sampled_from([0, 10, 100]),
)
def test_images_are_standardised_by_channel(
    path: Path, dtype: str, shape: tuple[int, ...], fortran: bool, offset: int
) -> None:
    images = (
        np.random.default_rng(len(shape)).integers(0, 100, (COUNT, *shape)) % (2 if dtype == "?" else 100)
    ).astype(dtype)
    images = images if dtype == "?" else images + images.dtype.type(offset)
    stored = np.asfortranarray(images) if fortran else images
    found = read(path, x_train=stored, y_train=LABELS, x_test=stored, y_test=LABELS, x_val=stored, y_val=LABELS)
    channels_first = images[:, None] if len(shape) == 2 else images if shape[0] < 4 else images.transpose(0, 3, 1, 2)
    wanted = channels_first.astype(np.float64)
    wanted = (wanted - wanted.mean((0, 2, 3), keepdims=True)) / wanted.std((0, 2, 3), keepdims=True)
    for split in (found.train, found.validation, found.test):
        assert np.allclose(split.inputs, wanted, atol=1e-4)


@settings(max_examples=100, deadline=None)
@given(
    labels=st.one_of(
        arrays.arrays(st.sampled_from(["i8", ">i4", "u1", "f4", ">f8", "?", "f2"]), COUNT, elements=st.integers(0, 1)),
        arrays.arrays(np.int64, COUNT, elements=st.integers(-2, 4)),
        arrays.arrays(np.float64, COUNT, elements=st.sampled_from([0, 1, 2, 0.5, np.nan, np.inf, -0.0])),
        arrays.arrays(arrays.scalar_dtypes(), COUNT),
        arrays.arrays(np.int64, arrays.array_shapes(max_dims=3, max_side=COUNT), elements=st.integers(0, 2)),
        st.just(np.eye(3)[LABELS]),
        st.just(np.array(["cat", "dog", "cow"])[LABELS]),
    )
)
def test_labels_are_taken_as_they_are_or_refused(path: Path, labels: npt.NDArray[Any]) -> None:
    table = np.arange(COUNT, dtype=np.float64)[:, None] ** [1, 2]
    found = read(path, x_train=table, y_train=labels, x_test=table, y_test=labels, x_val=table, y_val=labels)
    if found is None:
        return
    values = labels.reshape(-1).tolist()
    assert found.test.targets.tolist() == values
    assert sorted(set(values)) == list(range(found.num_classes))
    assert found.num_classes > 1


@settings(max_examples=40, deadline=None)
@given(
    inputs=st.one_of(
        arrays.arrays(arrays.scalar_dtypes(), (COUNT, 2)),
        arrays.arrays(st.sampled_from(["f4,f4", "S3,>i8", "(2,)f8,i2"]), (COUNT, 2)),
        arrays.arrays(np.float64, arrays.array_shapes(min_dims=0, max_dims=5, max_side=6), elements=st.floats(-9, 9)),
        st.just(np.array([[None, "x"]] * COUNT, dtype=object)),
    )
)
def test_arrays_of_any_kind_are_numbers_or_a_sentence(path: Path, inputs: npt.NDArray[Any]) -> None:
    found = read(path, x_train=inputs, y_train=LABELS, x_test=inputs, y_test=LABELS, x_val=inputs, y_val=LABELS)
    if found is not None:
        assert inputs.dtype.kind in "biuf"
        assert len(inputs) == COUNT
        assert found.train.inputs.isfinite().all()
        assert found.train.inputs.flatten(1).std(0).max() > 0


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(st.sampled_from(["val", "VAL", "valid", "Validation", "dev", "test", "Testing", "tset"]), max_size=3)
)
def test_splits_of_any_name_are_used_or_named(path: Path, names: list[str]) -> None:
    assume(len({name.lower() for name in names}) == len(names))
    table = np.arange(COUNT, dtype=np.float64)[:, None]
    more = {f"{kind}_{name}": values for name in names for kind, values in (("x", table), ("y", LABELS))}
    found = read(path, x_train=table, y_train=LABELS, **more)
    known = [name for name in names if name != "tset"]
    if found is None:
        assert len(known) > len({name[0].lower() == "t" for name in known})
        return
    assert (len(found.validation) == COUNT) == any(name[0].lower() in "vd" for name in known)
    assert (len(found.test) == COUNT) == any(name[0].lower() == "t" for name in known)
    assert ("x_tset, y_tset" in summarise(found)) == ("tset" in names)
