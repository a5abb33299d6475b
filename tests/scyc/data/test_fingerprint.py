from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from PIL import Image

from scyc.data import Dataset, Split, file_contents, load_image_folder, load_npz, stream_image_folder
from scyc.data.fingerprint import alike, data_fingerprints, tensor_fingerprint

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 8


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """30 training and 10 validation images of two classes, uncompressed, so that all files have the same size."""
    random = np.random.default_rng(0)
    for part, count in (("train", 30), ("val", 10)):
        for i in range(count):
            save(tmp_path / "mine" / part / ("ant", "bee")[i % 2] / f"{i:02}.bmp", random)
    return tmp_path / "mine"


def save(path: Path, random: np.random.Generator) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(random.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)).save(path)


def replace_in_silence(path: Path) -> None:
    """Replace an image by another one of the same size and the same time of change."""
    before = path.stat()
    save(path, np.random.default_rng(9))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size


def differing(before: Dataset, after: Dataset) -> set[str]:
    then, now = data_fingerprints(before), data_fingerprints(after)
    assert then.keys() == now.keys()
    return {name for name in then if not alike(then[name], now[name])}


def save_npz(path: Path, **changes: object) -> Path:
    random = np.random.default_rng(0)
    arrays = {"x_train": random.normal(size=(60, 4)), "y_train": random.integers(0, 3, 60)}
    arrays |= {"x_test": random.normal(size=(20, 4)), "y_test": random.integers(0, 3, 20)}
    np.savez(path, **(arrays | changes))  # type: ignore[arg-type]
    return path


def test_what_changed_is_named(tmp_path: Path) -> None:
    before = load_npz(save_npz(tmp_path / "a.npz"))
    other = np.random.default_rng(5)
    labels = load_npz(save_npz(tmp_path / "b.npz", y_test=other.integers(0, 3, 20)))
    assert differing(before, labels) == {"test labels"}
    tests = load_npz(save_npz(tmp_path / "c.npz", x_test=other.normal(size=(20, 4))))
    assert differing(before, tests) == {"test inputs"}
    fewer = load_npz(save_npz(tmp_path / "d.npz", x_test=np.zeros((10, 4)), y_test=np.arange(10) % 3))
    assert differing(before, fewer) == {"test inputs", "test labels"}


def test_a_file_that_was_moved_touched_or_written_again_is_the_same(tmp_path: Path) -> None:
    path = save_npz(tmp_path / "a.npz")
    before = load_npz(path)
    os.utime(path, (1, 1))
    assert not differing(before, load_npz(path))
    assert not differing(before, load_npz(path.rename(tmp_path / "moved.npz")))
    assert not differing(before, load_npz(save_npz(tmp_path / "a.npz")))


def test_an_image_in_memory_is_never_replaced_unnoticed(images: Path) -> None:
    before = load_image_folder(images)
    replace_in_silence(images / "val" / "bee" / "01.bmp")
    assert differing(before, load_image_folder(images)) == {"validation inputs"}


def test_an_image_that_changes_its_class_is_noticed(images: Path) -> None:
    before = load_image_folder(images)
    (images / "val" / "ant" / "00.bmp").rename(images / "val" / "bee" / "00.bmp")
    assert "validation labels" in differing(before, load_image_folder(images))


def test_streamed_images_are_read_once_and_then_remembered(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stream_image_folder(images, SIDE)
    data_fingerprints(before)
    monkeypatch.setattr(file_contents, "_read", lambda _: 1 / 0)
    assert not differing(before, stream_image_folder(images, SIDE))


def test_streamed_images_may_move_but_not_change(images: Path, tmp_path: Path) -> None:
    then = data_fingerprints(stream_image_folder(images, SIDE))
    moved = tmp_path / "moved"
    shutil.move(images, moved)
    assert data_fingerprints(stream_image_folder(moved, SIDE)) == then
    save(moved / "val" / "bee" / "01.bmp", np.random.default_rng(9))
    now = data_fingerprints(stream_image_folder(moved, SIDE))
    assert {name for name in then if then[name] != now[name]} == {"test inputs"}


def test_the_cache_does_not_see_a_streamed_image_of_the_same_size_and_time(images: Path, cache_folder: Path) -> None:
    path = images / "val" / "bee" / "01.bmp"
    then = data_fingerprints(stream_image_folder(images, SIDE))
    replace_in_silence(path)
    assert data_fingerprints(stream_image_folder(images, SIDE)) == then
    shutil.rmtree(cache_folder)
    assert data_fingerprints(stream_image_folder(images, SIDE)) != then


@pytest.mark.parametrize("spoilt", ["a file", "not a hash", "no home"])
def test_without_a_usable_cache_the_files_are_read(
    spoilt: str, images: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = data_fingerprints(stream_image_folder(images, SIDE))
    if spoilt == "a file":
        shutil.rmtree(cache_folder)
        cache_folder.write_text("")
    elif spoilt == "not a hash":
        for path in (cache_folder / "scyc" / "contents").iterdir():
            path.write_bytes(b"\xff")
    else:
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setattr("pathlib.Path.home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert data_fingerprints(stream_image_folder(images, SIDE)) == then


def test_rounding_is_forgiven_and_nothing_else() -> None:
    values = torch.randn(1000, 20, generator=torch.Generator().manual_seed(0))
    one = tensor_fingerprint([values])
    rounded = values * (1 + 1e-7)
    assert not torch.equal(rounded, values)
    assert alike(one, tensor_fingerprint([rounded]))
    for other in (values * 1.001 + 0.001, values.roll(1, 0), values.flip(1), values.reshape(20, 1000), values.double()):
        assert not alike(one, tensor_fingerprint([other]))
    changed = values.clone()
    changed[500, 3] += 1
    assert not alike(one, tensor_fingerprint([changed]))
    assert not alike(tensor_fingerprint([torch.arange(5)]), tensor_fingerprint([torch.tensor([0, 1, 2, 3, 5])]))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64, torch.uint8, torch.bool])
def test_every_type_has_a_fingerprint(dtype: torch.dtype) -> None:
    zeros, ones = (tensor_fingerprint([make(3, 2).to(dtype).t()]) for make in (torch.zeros, torch.ones))
    assert alike(ones, ones)
    assert not alike(zeros, ones)


def test_an_odd_fingerprint_is_unlike_any() -> None:
    for odd in ("?", "int64[3] ~x", "int64[3] ~nan"):
        assert not alike(odd, "int64[3] ~0.5")
    empty = Split(torch.empty(0, 2), torch.empty(0, dtype=torch.int64))
    assert data_fingerprints(Dataset(empty, empty, empty, 2)).keys() >= {"training inputs", "test labels"}
