from __future__ import annotations

import ast
import sys
from pathlib import Path
from textwrap import dedent

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import scyc.data
from scyc.data import CropFlip
from scyc.errors import InputError
from scyc.workloads import load_workload, workload_names


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that the interpreter has not seen before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def test_names() -> None:
    assert workload_names() == [
        "mnist1d/mlp-300-100",
        "digits/mlp-300-100",
        "fashion-mnist/mlp-300-100",
        "fashion-mnist/lenet-5",
        "cifar10/resnet-20",
    ]


@pytest.mark.parametrize("name", ["mnist1d/mlp-300-100", "digits/mlp-300-100"])
def test_model_fits_data(name: str) -> None:
    workload = load_workload(name)
    data = workload.load_data()
    assert workload.name == name
    assert workload.build_model()(data.train.inputs[:3]).shape == (3, data.num_classes)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("fashion-mnist/mlp-300-100", (784,)),
        ("fashion-mnist/lenet-5", (1, 28, 28)),
        ("cifar10/resnet-20", (3, 32, 32)),
    ],
)
def test_model_fits_images(name: str, shape: tuple[int, ...]) -> None:
    assert load_workload(name).build_model()(torch.zeros(2, *shape)).shape == (2, 10)


def test_only_cifar_is_augmented() -> None:
    augmentations = {name: load_workload(name).augmentation for name in workload_names()}
    assert augmentations.pop("cifar10/resnet-20") == CropFlip(padding=4)
    assert set(augmentations.values()) == {None}


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
        ("def x(size): pass", "broken_8:x", "calling it failed .*must work without arguments"),
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
