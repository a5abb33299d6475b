"""Folders of images as torchvision's `ImageFolder` has them, one per class: what is used, and what is left out."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scyc.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

IMAGE_TYPES = frozenset(
    [".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"]
)
"""Endings of the files that are read as images, in lower case."""

PART_NAMES = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
"""What the three splits may be called, in upper or lower case."""

_MADE_BY_PROGRAMS = ("__macosx", "@eadir", "__pycache__")


class Images(NamedTuple):
    """The images in the class folders of one folder.

    Attributes:
        paths: of the files, in torchvision's order.
        labels: class index of each.
        left_out: numbers of what else is there, by what it is.
    """

    paths: list[str]
    labels: list[int]
    left_out: Counter[str]


def part_folders(path: Path) -> tuple[dict[str, Path], list[str]]:
    """Return the folders in `path` that hold the splits "train", "val" and "test", and what else is there.

    That is the names of all others that are not hidden, and in one phrase how many files there are.

    Raises:
        InputError: two folders are for the same split, or `path` cannot be read.
    """
    parts: dict[str, Path] = {}
    others = []
    for name in class_names(path):
        part = next((part for part, names in PART_NAMES.items() if name.lower() in names), None)
        if part is None:
            others.append(name)
        elif part in parts:
            raise InputError(
                f"{parts[part]} and {path / name} are both named like a folder of the {part} split: remove or rename "
                "one of them."
            )
        else:
            parts[part] = path / name
    if files := _files_in(path):
        others.append(listed(files))
    return parts, others


def class_names(folder: Path) -> list[str]:
    """Return the names of the folders in `folder`, in order, without hidden ones; none if it is not there."""
    if not folder.is_dir():
        return []
    with _readable(folder):
        return sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not _hidden(entry.name))


def check_class_names(folder: Path, classes: Sequence[str]) -> None:
    """Check that `folder` has no class folder besides those of `classes`; raise InputError otherwise."""
    unknown = sorted(set(class_names(folder)) - set(classes))
    if unknown:
        raise InputError(
            f"{folder / unknown[0]} is a class that the training images do not have: remove that folder, or add images "
            "of the class to train on."
        )


def check_every_class(images: Images, folder: Path, classes: Sequence[str]) -> None:
    """Check that `folder`, which is trained on, has images of every class; raise InputError otherwise."""
    missing = sorted(set(range(len(classes))) - set(images.labels))
    if missing:
        there = find_images(folder, [classes[missing[0]]]).left_out - find_images(folder, []).left_out
        holds = f", but {listed(there)}" if there else ""
        raise InputError(
            f"{folder / classes[missing[0]]} is a class without images{holds}: add images "
            f"({', '.join(sorted(IMAGE_TYPES))}), or remove the folder."
        )


def find_images(folder: Path, classes: Sequence[str]) -> Images:
    """Return the images at any depth below the class folders of `folder`, and what else is there.

    Hidden files and folders are left out, as are those that programs make, and links that lead back to a folder above.

    Raises:
        InputError: a folder cannot be read.
    """
    paths: list[str] = []
    labels: list[int] = []
    with _readable(folder):
        left_out = Counter(_beside_classes(folder))
        places = [sorted(_walk(folder / name, (), left_out)) if (folder / name).is_dir() else [] for name in classes]
    for label, found in enumerate(places):
        for place, files in found:
            for file in sorted(files):
                ending = os.path.splitext(file)[1].lower()  # noqa: PTH122 - a Path for each of a million files is slow
                if _hidden(file):
                    left_out["hidden"] += 1
                elif ending in IMAGE_TYPES:
                    paths.append(os.path.join(place, file))  # noqa: PTH118 - likewise
                    labels.append(label)
                else:
                    left_out[_type_of(file)] += 1
    return Images(paths, labels, left_out)


def listed(left_out: Counter[str]) -> str:
    """Return what was left out in words, such as `3 hidden, 2 of type .txt`."""
    return ", ".join(f"{count:,} {what}" for what, count in sorted(left_out.items()))


def _files_in(folder: Path) -> Counter[str]:
    """Return how many files of each type are in a folder, without hidden ones; none if it is not there."""
    if not folder.is_dir():
        return Counter()
    with _readable(folder):
        names = [entry.name for entry in folder.iterdir() if not entry.is_dir() and not _hidden(entry.name)]
    return Counter(_type_of(name) for name in names)


def _type_of(name: str) -> str:
    ending = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a Path for each of a million files is slow
    return f"of type {ending}" if ending else "without a type"


def _beside_classes(folder: Path) -> Iterator[str]:
    for entry in folder.iterdir():
        if _hidden(entry.name):
            yield "hidden"
        elif not entry.is_dir():
            yield "in no class folder"


def _walk(folder: Path, above: tuple[str, ...], left_out: Counter[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder with the names of its files; links are followed."""
    real = os.path.realpath(folder)
    if real in above:
        left_out["linking to a folder above"] += 1
        return
    files = []
    with os.scandir(folder) as entries:
        for entry in entries:
            linked = entry.is_symlink() and os.path.isdir(entry.path)  # noqa: PTH112 - it takes a link to itself too
            if not linked and not entry.is_dir(follow_symlinks=False):
                files.append(entry.name)
            elif _hidden(entry.name):
                left_out["hidden"] += 1
            else:
                yield from _walk(Path(entry.path), (*above, real), left_out)
    yield str(folder), files


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _MADE_BY_PROGRAMS


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"A folder in {folder} cannot be read ({error}): check its permissions.") from error
