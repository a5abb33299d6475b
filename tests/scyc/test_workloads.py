from __future__ import annotations

import ast
import colorsys
import math
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import scyc.data
from scyc.data import CropFlip, ResizedCropFlip
from scyc.errors import InputError
from scyc.models import find_network
from scyc.workloads import load_workload, workload_names

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that the interpreter has not seen before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def test_names() -> None:
    names = workload_names()
    assert len(set(names)) == len(names)
    assert {
        "mnist1d/mlp-300-100",
        "mnist1d-8k/mlp-300-100",
        "digits/mlp-300-100",
        "fashion-mnist/mlp-300-100",
        "fashion-mnist/lenet-5",
        "mnist/lenet-300-100",
        "mnist/dropnet-a",
        "cifar10/resnet-20",
        "cifar10/conv-6",
        "cifar100/resnet-50",
        "tiny-imagenet/resnet-50",
        "imagenet/vit-b-16",
    } <= set(names)


@pytest.mark.parametrize("name", ["mnist1d/mlp-300-100", "digits/mlp-300-100"])
def test_model_fits_data(name: str) -> None:
    workload = load_workload(name)
    data = workload.load_data()
    assert workload.name == name
    assert workload.build_model()(data.train.inputs[:3]).shape == (3, data.num_classes)


SHAPES = {
    "mnist1d": (40,),
    "mnist1d-8k": (40,),
    "digits": (64,),
    "fashion-mnist": (1, 28, 28),
    "mnist": (1, 28, 28),
    "cifar10": (3, 32, 32),
    "cifar100": (3, 32, 32),
    "tiny-imagenet": (3, 64, 64),
    "imagenet": (3, 224, 224),
}
CLASSES = {"cifar100": 100, "tiny-imagenet": 200, "imagenet": 1000}


@pytest.mark.parametrize(
    "name", [*workload_names(), "cifar10/mlp-7", "cifar100/conv-4", "mnist/vgg-19", "digits/resnet-8"]
)
def test_models_fit_their_data(name: str) -> None:
    data, network = name.split("/")
    shape = SHAPES[data]
    if name in ("mnist/vgg-19", "digits/resnet-8"):
        with pytest.raises(
            InputError, match=r"a side of 28 pixels|takes images, but the inputs have the shape \(64,\)"
        ):
            load_workload(name)
        return
    if find_network(network).flat:
        shape = (math.prod(shape),)
    with torch.device("meta"):
        logits = load_workload(name).build_model()(torch.empty(2, *shape))
    assert logits.shape == (2, CLASSES.get(data, 10))


def test_colour_images_are_augmented_where_the_papers_do() -> None:
    augmented = {name for name in workload_names() if load_workload(name).augmentation == CropFlip(padding=4)}
    networks = ("resnet-20", "resnet-8", "resnet-50", "vgg-19", "vit-small")
    assert augmented == {
        *(f"cifar10/{network}" for network in networks),
        *(f"cifar100/{network}" for network in networks),
        *(f"tiny-imagenet/{network}" for network in networks[2:]),
    }
    imagenet = {name for name in workload_names() if load_workload(name).augmentation == ResizedCropFlip()}
    assert imagenet == {name for name in workload_names() if name.startswith("imagenet/")}
    assert {load_workload(name).augmentation for name in set(workload_names()) - augmented - imagenet} == {None}
    assert load_workload("cifar10/mlp-300-100").augmentation is None


def test_data_are_loaded_once_per_process() -> None:
    first, second = (load_workload("mnist1d/mlp-300-100").load_data() for _ in range(2))
    assert first is second


@settings(max_examples=25)
@given(st.text().filter(lambda name: ":" not in name and name not in workload_names()))
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="There is no workload") as caught:
        load_workload(name)
    for known in workload_names():
        assert known in str(caught.value)


def test_unknown_name_suggests_the_closest() -> None:
    with pytest.raises(InputError, match="did you mean 'fashion-mnist/lenet-5'"):
        load_workload("fashion-mnist/lenet5")


@pytest.fixture
def numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with 40 coloured images of 12 x 12 pixels in three classes, as an .npz file and as a folder."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (40, 12, 12, 3), dtype=np.uint8), np.arange(40) % 3
    np.savez(tmp_path / "mine.npz", x_train=images, y_train=labels)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        folder = tmp_path / "mine" / "train" / f"class {label}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{i:02}.png")
    monkeypatch.setenv("SCYC_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("address", ["npz:{}/mine.npz", "npz:mine.npz", "folder:{}/mine", "folder:mine"])
@pytest.mark.parametrize(("network", "shape"), [("lenet-5", (3, 12, 12)), ("mlp-20-10", (432,))])
def test_ones_own_data_need_no_code(numbers: Path, address: str, network: str, shape: tuple[int, ...]) -> None:
    load_workload.cache_clear()  # relative addresses depend on the environment
    name = f"{address.format(numbers)}/{network}"
    workload = load_workload(name)
    data = workload.load_data()
    assert (workload.name, workload.augmentation, data.num_classes) == (name, None, 3)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [32, 4, 4]
    assert data.train.inputs.shape[1:] == shape
    assert workload.load_data() is data
    assert workload.build_model()(data.test.inputs).shape == (4, 3)


def test_folders_of_images_can_be_scaled(numbers: Path) -> None:
    workload = load_workload(f"folder:{numbers}/mine@8/resnet-8")
    assert workload.load_data().train.inputs.shape[1:] == (3, 8, 8)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("npz:mine.npz", "must have the form npz:PATH/NETWORK"),
        ("folder:/resnet-8", "must have the form folder:PATH/NETWORK"),
        ("folder:@8/resnet-8", "must have the form folder:PATH/NETWORK"),
        ("npz:", "must have the form npz:PATH/NETWORK"),
        ("npz:mine.npz/resnet-9", "no network 'resnet-9' .did you mean 'resnet-"),
        ("npz:mine.npz/mlp-0", "no network 'mlp-0'"),
    ],
)
def test_bad_addresses_are_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_workload(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("npz:{}/no.npz/resnet-8", "There is no file .*no.npz"),
        ("folder:{}/no/resnet-8", "no images for training in .*no/train"),
        ("npz:{}/mine.npz/vgg-19", "a side of 12 pixels, but 5 poolings need at least 32"),
        ("npz:{}/mine.npz/vit-small", "side cannot be 12 pixels"),
        ("npz:{}/mine.npz/vit-b-16", r"vit-b-16 does not take inputs of shape \(3, 12, 12\) \(Wrong image height"),
        ("folder:{}/mine@8/lenet-5", "at least 12 pixels a side, not 8"),
    ],
)
def test_data_that_do_not_fit_are_refused(numbers: Path, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_workload(name.format(numbers)).load_data()


def test_imports_a_workload_from_the_working_folder(folder: Path) -> None:
    (folder / "my_package").mkdir()
    (folder / "my_package" / "my_module.py").write_text(
        dedent("""
        from scyc.data import load_mnist1d
        from scyc.models import mlp
        from scyc.workloads import Workload

        loads = 0

        def load():
            global loads
            loads += 1
            return load_mnist1d()

        mine = Workload("mine", lambda: mlp(hidden=[7]), load)

        def make():
            return mine
        """)
    )
    for path in ("my_package.my_module:mine", "my_package.my_module:make"):
        workload = load_workload(path)
        assert workload.name == "mine"
        assert workload.build_model()(torch.zeros(2, 40)).shape == (2, 10)

    module = sys.modules["my_package.my_module"]
    for _ in range(3):
        load_workload("my_package.my_module:mine").load_data()
    assert module.loads == 1


DRAWING = """
import random
import numpy as np
import torch
from scyc.data import Dataset, Split
from scyc.workloads import Workload, load_workload

at_import = [*torch.rand(2).tolist(), *np.random.rand(2), random.random()]

def load_data():
    x, y = torch.randn(20, 3) + np.random.rand() + random.random(), torch.arange(20) % 2
    return Dataset(Split(x, y), Split(x, y), Split(x, y), 2)

def mine():
    made = Workload("mine", torch.nn.Identity, load_data)
    made.load_data.called = [*torch.rand(2).tolist(), *np.random.rand(2), random.random()]
    return made
"""


def test_what_is_drawn_without_a_seed_is_the_same_in_every_process(folder: Path) -> None:
    before = (random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist())  # noqa: NPY002
    drawn = []
    for name in ("one_process", "another_process"):  # a module that is imported a second time is another module's twin
        (folder / f"{name}.py").write_text(DRAWING)
        inputs = load_workload(f"{name}:mine").load_data().train.inputs.tolist()
        module = sys.modules[name]
        drawn.append((inputs, module.at_import, module.load_data.called))
    assert drawn[0] == drawn[1]
    assert len({number for row in drawn[0][0] for number in row}) == 60
    after = (random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist())  # noqa: NPY002
    assert after == before


@pytest.mark.slow
def test_the_working_folder_hides_nothing_that_is_installed(tmp_path: Path) -> None:
    for name in ("random.py", "queue.py", "studies.py", "oracle/__init__.py", "numpy/__init__.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("raise RuntimeError('The wrong module.')")
    (tmp_path / "own.py").write_text(
        dedent("""
        from scyc.data import load_digits
        from scyc.models import mlp
        from scyc.workloads import Workload

        workload = Workload("own", lambda: mlp(inputs=64), load_digits)
        """)
    )
    script = """
from scyc.workloads import load_workload
workload = load_workload("own:workload")
workload.build_model()(workload.load_data().train.inputs)
import numpy, oracle, queue, random, studies
print("done with", workload.name)
"""
    ended = subprocess.run(
        [sys.executable, "-P", "-c", script],  # as an installed command: the working folder is not on the path
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "done with own\n"


def test_says_where_a_module_of_the_same_name_came_from(folder: Path) -> None:
    (folder / "colorsys.py").write_text("workload = None")
    installed = re.escape(colorsys.__file__)
    with pytest.raises(InputError, match=f"'colorsys' has no attribute 'workload'; that module came from {installed}"):
        load_workload("colorsys:workload")
    with pytest.raises(InputError, match="'sys' has no attribute 'workload'; that module came from Python itself"):
        load_workload("sys:workload")


@pytest.mark.parametrize(
    ("source", "path", "message"),
    [
        ("", "no_such_module:x", r"failed \(ModuleNotFoundError: .* must be installed or lie in"),
        ("", ":x", "importing '' failed"),
        ("import no_such_dependency", "broken_1:x", "No module named 'no_such_dependency'"),
        ("1 / 0", "broken_2:x", "ZeroDivisionError: division by zero"),
        ("def", "broken_3:x", "SyntaxError"),
        ("", "broken_4:x", "'broken_4' has no attribute 'x'"),
        ("", "broken_5:", "'broken_5' has no attribute ''"),
        ("x = 3", "broken_6:x", "must be a Workload .*not int"),
        ("def x(): return 'text'", "broken_7:x", "must be a Workload .*not str"),
        ("def x(size): pass", "broken_8:x", "'broken_8:x' is a training of your own, as it takes a trial"),
        ("def x(a, b): pass", "broken_14:x", "calling it failed .*must work without arguments"),
        ("import sys\nsys.exit(0)", "broken_10:x", r"failed \(SystemExit: 0\); put what .*__main__"),
        ("import argparse\nargparse.ArgumentParser().error('x')", "broken_11:x", r"failed \(SystemExit: 2\)"),
        ("raise SystemExit", "broken_12:x", r"'broken_12' failed \(SystemExit: \)"),
        ("import sys\ndef x(): sys.exit(0)", "broken_13:x", "'broken_13:x' wanted to end the process"),
        ("from scyc.errors import InputError\ndef x(): raise InputError('No data.')", "broken_9:x", r"^No data\.$"),
    ],
)  # fmt: skip
def test_bad_import_paths_are_refused(folder: Path, source: str, path: str, message: str) -> None:
    if path.startswith("broken"):
        (folder / f"{path.partition(':')[0]}.py").write_text(source)
    with pytest.raises(InputError, match=message):
        load_workload(path)


def test_optional_packages_are_imported_only_when_needed() -> None:
    for path in Path(scyc.data.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {node.module or ""}
            else:
                continue
            assert {name.partition(".")[0] for name in names}.isdisjoint({"scipy", "sklearn", "torchvision"}), path


def test_functions_that_end_the_process_or_return_something_else_are_refused(folder: Path) -> None:
    source = """
import sys
from scyc.workloads import Workload
ends = Workload("ends", lambda: sys.exit(0), lambda: sys.exit("bye"))
other = Workload("other", lambda: None, lambda: [1, 2])
"""
    (folder / "wrong_functions.py").write_text(source)
    ends, other = (load_workload(f"wrong_functions:{name}") for name in ("ends", "other"))
    for function, message in (
        (ends.build_model, r"wanted to end the process \(SystemExit: 0\)"),
        (ends.load_data, r"wanted to end the process \(SystemExit: bye\)"),
        (other.build_model, "build_model of the workload 'wrong_functions:other' must return .*Module, not NoneType"),
        (other.load_data, "load_data of .* must return .*Dataset, not list"),
    ):
        with pytest.raises(InputError, match=message):
            function()
