"""What is trained: a model and the data that it learns from, under a name that a spec can give."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, partial
from math import prod
from typing import TYPE_CHECKING, TypeVar

from scyc.data.named import DATA_SETS, imagenet, resized_crop_flip
from scyc.data.sources import data_root
from scyc.errors import InputError
from scyc.fence import fenced
from scyc.home import expanded
from scyc.models.named import find_network
from scyc.own_objects import import_own, is_training
from scyc.randomness import seeded_everywhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from torch import nn

    from scyc.data import Augmentation, Dataset


_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Workload:
    """A (model, data) pair.

    Attributes:
        name: for people; a built-in workload's is also its key.
        build_model: returns a new model, its weights drawn from PyTorch's default generator.
        load_data: returns the data on the CPU; `load_workload` makes sure that it is called once per process.
        augmentation: applied to training batches only.
        prunable: maps the model to the names of the parameters that are pruned, or to patterns of names; see
            `scyc.pruning.matching_parameters`. Default: those of `scyc.pruning.prunable_weights`.
    """

    name: str
    build_model: Callable[[], nn.Module]
    load_data: Callable[[], Dataset]
    augmentation: Augmentation | None = None
    prunable: Callable[[nn.Module], Iterable[str]] | None = None


FILES = ("npz", "folder", "stream")
"""How the names of workloads begin whose data are in files."""


def workload_names() -> list[str]:
    """Return the names of the built-in workloads, those of one data set together."""
    return [f"{data}/{network}" for data, found in DATA_SETS.items() for network in found.networks]


def is_own(name: str) -> bool:
    """Return whether a workload's name is the import path of a user's own code."""
    scheme, colon, _ = name.partition(":")
    return bool(colon) and scheme not in FILES


def data_place(name: str) -> Path | None:
    """Return the file or folder that a workload's data are in; None if its name speaks of none.

    Raises:
        InputError: the name speaks of files, but not in one of the forms of `load_workload`.
    """
    scheme, colon, address = name.partition(":")
    return data_root() / expanded(_place_of(scheme, address, name)[0]) if colon and scheme in FILES else None


@cache
def load_workload(name: str) -> Workload:
    """Return the workload of that name; its data are loaded once per process, at the first `load_data()`.

    Args:
        name: one of these:

            - `DATA/NETWORK`: one of `workload_names()`, or any other pair of a built-in data set and a network of
              `scyc.models.network_names()` that takes its inputs; where both can be, an image becomes a vector;
            - `imagenet@64/NETWORK`: ImageNet in 64 x 64 pixels instead of 224 x 224;
            - `npz:PATH/NETWORK`: data from an `.npz` file, see `scyc.data.load_npz`;
            - `folder:PATH/NETWORK`: images in a folder, see `scyc.data.load_image_folder`; `folder:PATH@64/NETWORK`
              scales them to 64 x 64 pixels;
            - `stream:PATH@224/NETWORK`: images in a folder, too many for memory, see `scyc.data.stream_image_folder`;
            - the import path of your own, `my_package.my_module:my_workload`: a `Workload`, or a callable without
              arguments that returns one. It is looked for among what is installed, then in the
              working folder.

            A relative PATH is looked for in the data folder, `$SCYC_DATA`, else `data`.

    Raises:
        InputError: there is no such workload, or it could not be imported.
    """
    scheme, colon, rest = name.partition(":")
    if is_own(name):
        workload = _import_workload(name)
    elif colon:
        workload = _from_files(scheme, rest, name)
    else:
        workload = _built_in(name)
    return replace(workload, load_data=cache(workload.load_data))


def _built_in(name: str) -> Workload:
    data_name, _, network_name = name.partition("/")
    data_name, size = _size_of(data_name)
    data = DATA_SETS.get(data_name)
    if size is not None:
        data = imagenet(size) if data_name == "imagenet" else None
    try:
        network = find_network(network_name)
    except InputError:
        data = None
    if data is None:
        close = get_close_matches(name, workload_names(), n=1, cutoff=0)
        raise InputError(
            f"There is no workload {name!r} (did you mean {close[0]!r}?): choose one of {', '.join(workload_names())}, "
            "another pair of data set and network, npz:PATH/NETWORK, folder:PATH/NETWORK or stream:PATH@224/NETWORK "
            "for data of your own, or give an import path such as my_package.my_module:my_workload."
        )
    shape = (prod(data.shape),) if network.flat else data.shape
    if network_name not in data.networks:
        network.check(network_name, shape, data.classes)
    return Workload(
        name,
        partial(network.build, shape, data.classes),
        partial(_flattened, data.load) if network.flat else data.load,
        None if network.flat or not network.augmented else data.augmentation(),
    )


def _flattened(load: Callable[[], Dataset]) -> Dataset:
    return load().flattened()


def _place_of(scheme: str, address: str, name: str) -> tuple[str, int | None, str]:
    """Return what follows the scheme in a workload's name, PATH@64/NETWORK, in its parts.

    Raises:
        InputError: it is not of that form.
    """
    place, _, network = address.rpartition("/")
    place, size = _size_of(place) if scheme != "npz" else (place, None)
    if not place or (scheme == "stream" and size is None):
        pixels = "@64" * (scheme == "stream")
        raise InputError(
            f"{name!r} must have the form {scheme}:PATH{pixels}/NETWORK, "
            f"for example {scheme}:/data/mine{pixels}/resnet-8."
        )
    return place, size, network


def _from_files(scheme: str, address: str, name: str) -> Workload:
    place, size, network_name = _place_of(scheme, address, name)
    network = find_network(network_name)
    path = data_root() / expanded(place)

    def read() -> Dataset:
        from scyc.data import load_image_folder, load_npz, stream_image_folder

        if scheme == "npz":
            return load_npz(path)
        return stream_image_folder(path, size) if scheme == "stream" and size else load_image_folder(path, size)

    @cache
    def load() -> Dataset:
        data = read()
        if network.flat:
            data = data.flattened()
        network.check(network_name, data.train.shape, data.num_classes)
        return data

    def build() -> nn.Module:
        data = load()
        return network.build(data.train.shape, data.num_classes)

    return Workload(name, build, load, resized_crop_flip() if scheme == "stream" and network.augmented else None)


def _size_of(place: str) -> tuple[str, int | None]:
    """Split `PATH@64`, which gives images a size in pixels."""
    found = re.fullmatch("(.*)@([1-9][0-9]{0,3})", place, re.ASCII | re.DOTALL)
    return (found[1], int(found[2])) if found else (place, None)


def _import_workload(name: str) -> Workload:
    found = import_own(name)
    if is_training(found):
        raise InputError(
            f"{name!r} is a training of your own, as it takes a trial; a workload, with a network and data that this "
            "program knows, is a Workload or a callable without arguments that returns one."
        )
    if callable(found):
        try:
            with fenced(name), seeded_everywhere("own code"):
                found = found()
        except InputError:
            raise
        except Exception as error:  # the user's code again
            raise InputError(
                f"The workload {name!r} cannot be loaded because calling it failed "
                f"({type(error).__name__}: {error}); it must work without arguments."
            ) from error
    if not isinstance(found, Workload):
        raise InputError(
            f"{name!r} must be a Workload or a callable without arguments that returns one, not {type(found).__name__}."
        )
    return replace(
        found,
        build_model=partial(_called, name, "build_model", found.build_model),
        load_data=seeded_everywhere("own data")(partial(_called, name, "load_data", found.load_data)),
    )


def _called(name: str, attribute: str, function: Callable[[], _Made]) -> _Made:
    """Call a function of the user's, and check what it returns.

    Raises:
        InputError: it returns something else than it must, or wanted to end the process.
    """
    from torch import nn

    from scyc.data import Dataset

    with fenced(name):
        returned = function()
    expected = {"build_model": nn.Module, "load_data": Dataset}[attribute]
    if not isinstance(returned, expected):
        raise InputError(
            f"{attribute} of the workload {name!r} must return a {expected.__module__}.{expected.__name__}, not "
            f"{type(returned).__name__}."
        )
    return returned
