from __future__ import annotations

import sys
from textwrap import dedent
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from scyc.data.fingerprint import alike
from scyc.own_code import code_fingerprints, source_file

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "fp_main.py": """
        import random
        import numpy as np
        import fp_helper
        from fp_package import layers

        def build():
            from importlib import import_module
            import fp_late
            return import_module("fp_named")
        """,
    "fp_helper.py": "from fp_package.deep import names\nWIDTH = 20  # neurons\n",
    "fp_late.py": "LATE = 1\n",
    "fp_named.py": "NAMED = 1\n",
    "fp_package/__init__.py": "",
    "fp_package/layers.py": "from . import sizes\nfrom .deep.names import NAMES\n",
    "fp_package/sizes.py": "SIZES = [1, 2]\n",
    "fp_package/deep/__init__.py": "from ..sizes import SIZES\n",
    "fp_package/deep/names.py": "NAMES = ['a']\n",
    "fp_package/unused.py": "UNUSED = 1\n",
    "fp_other.py": "OTHER = 1\n",
    "random.py": "# hides nothing\n",
}
USED = {
    "fp_main",
    "fp_helper",
    "fp_late",
    "fp_named",
    "fp_package",
    "fp_package.layers",
    "fp_package.sizes",
    "fp_package.deep",
    "fp_package.deep.names",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    return tmp_path


def differing(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before | after if not alike(before.get(name, "-"), after.get(name, "+"))}


def test_everything_that_a_module_imports_of_the_users_own_is_in(folder: Path) -> None:
    assert code_fingerprints("fp_main").keys() == {f"module {name}" for name in USED}
    assert not {name for name in sys.modules if name.startswith("fp_")}, "Nothing may be imported for this."
    assert source_file("fp_package.deep.names") == folder / "fp_package" / "deep" / "names.py"
    assert source_file("fp_package.deep.names.NAMES") is None


@pytest.mark.parametrize("name", sorted(USED))
def test_a_change_of_any_is_noticed(name: str, folder: Path) -> None:
    before = code_fingerprints("fp_main")
    file = source_file(name)
    assert file is not None
    file.write_text(file.read_text(encoding="utf-8") + "\nCHANGED = True\n", encoding="utf-8")
    assert differing(before, code_fingerprints("fp_main")) == {f"module {name}"}


@pytest.mark.parametrize("name", ["fp_other.py", "fp_package/unused.py", "random.py"])
def test_a_change_of_what_is_not_imported_does_not_matter(name: str, folder: Path) -> None:
    before = code_fingerprints("fp_main")
    (folder / name).write_text("CHANGED = True\n", encoding="utf-8")
    assert not differing(before, code_fingerprints("fp_main"))


def test_a_comment_and_the_layout_do_not_matter(folder: Path) -> None:
    before = code_fingerprints("fp_main")
    path = folder / "fp_helper.py"
    path.write_text("from fp_package.deep import (\n    names,\n)\nWIDTH = 20  # units\r\n", encoding="utf-8")
    assert not differing(before, code_fingerprints("fp_main"))
    path.write_text("from fp_package.deep import names\nWIDTH = 21  # neurons\n", encoding="utf-8")
    assert differing(before, code_fingerprints("fp_main")) == {"module fp_helper"}


def test_a_module_that_is_gone_is_noticed_and_a_broken_one_is_no_obstacle(folder: Path) -> None:
    before = code_fingerprints("fp_main")
    (folder / "fp_late.py").unlink()
    (folder / "fp_named.py").write_text("def broken(:\n", encoding="utf-8")
    assert differing(before, code_fingerprints("fp_main")) == {"module fp_late", "module fp_named"}


def test_what_is_installed_counts_only_if_the_workload_is_in_it() -> None:
    assert code_fingerprints("colorsys") == code_fingerprints("scyc.models") == {}
    assert "module filelock._error" in code_fingerprints("filelock")
    assert not {name for name in code_fingerprints("filelock") if not name.startswith("module filelock")}


def test_of_a_script_only_definitions_and_imports_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, main = folder / "script.py", ModuleType("__main__")
    main.__file__ = str(script)
    monkeypatch.setitem(sys.modules, "__main__", main)
    lines = "import fp_helper\ndef build():\n    return {}\nprint('{}')\n"
    script.write_text(lines.format(1, "levels = 2"), encoding="utf-8")
    before = code_fingerprints("__main__")
    assert {"module __main__", "module fp_helper"} <= before.keys()
    script.write_text(lines.format(1, "levels = 4"), encoding="utf-8")
    assert not differing(before, code_fingerprints("__main__"))
    script.write_text(lines.format(2, "levels = 2"), encoding="utf-8")
    assert differing(before, code_fingerprints("__main__")) == {"module __main__"}
    del main.__file__
    assert code_fingerprints("__main__") == {}, "A notebook has no file."
