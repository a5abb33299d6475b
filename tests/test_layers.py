"""Who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PACKAGES = ("scyc", "studies", "oracle")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
LONGEST = 300


class Import(NamedTuple):
    """One import: the module it is in, what it names, and whether it waits inside a function."""

    module: str
    imported: str
    deferred: bool

    @property
    def package(self) -> str:
        return self.imported.partition(".")[0]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_in(tree: ast.AST, module: str, deferred: bool = False) -> Iterator[Import]:
    """Every import that is carried out: those for the type checker's eyes alone are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (Import(module, alias.name, deferred) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively."
            # `from oracle import machine` imports oracle.machine
            yield from (Import(module, f"{node.module}.{alias.name}", deferred) for alias in node.names)
        else:
            inside = deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from imports_in(node, module, inside)


IMPORTS = [
    found for path in FILES for found in imports_in(ast.parse(path.read_text(encoding="utf-8")), module_name(path))
]


def imports_of(module: str) -> list[Import]:
    """The imports of a module, or of everything in a package."""
    found = [one for one in IMPORTS if one.module == module or one.module.startswith(f"{module}.")]
    assert found, f"{module} is not there, or imports nothing."
    return found


def packages_of(module: str) -> set[str]:
    return {one.package for one in imports_of(module)}


def test_the_parser_sees_every_kind_of_import() -> None:
    source = """
import a
from b.c import d
if TYPE_CHECKING:
    import for_types_only
try:
    import e
except ImportError:
    pass
class F:
    def g(self):
        import h.i
"""
    assert list(imports_in(ast.parse(source), "m")) == [
        Import("m", "a", deferred=False),
        Import("m", "b.c.d", deferred=False),
        Import("m", "e", deferred=False),
        Import("m", "h.i", deferred=True),
    ]


@pytest.mark.parametrize(("package", "others"), [("scyc", {"studies", "oracle"}), ("studies", {"scyc", "oracle"})])
def test_neither_the_science_nor_the_memory_knows_another_package(package: str, others: set[str]) -> None:
    assert not packages_of(package) & (others | {"tests"})


def test_the_science_needs_torch_numpy_and_filelock_only() -> None:
    foreign = [one for one in imports_of("scyc") if one.package not in sys.stdlib_module_names | {"scyc"}]
    others = [one for one in foreign if one.package not in {"torch", "numpy", "filelock"}]
    assert {one.package for one in others} <= {"sklearn", "torchvision"}
    assert all(one.deferred and one.module.startswith("scyc.data.") for one in others)


def test_the_memory_knows_neither_torch_nor_ray_nor_optuna() -> None:
    allowed = sys.stdlib_module_names | {"studies", "sqlalchemy", "alembic", "fsspec"}
    assert packages_of("studies") <= allowed


@pytest.mark.parametrize("module", ["oracle.machine", "oracle.candidates", "oracle.interval", "oracle.proposers.grid"])
def test_the_heart_of_the_oracle_performs_no_io(module: str) -> None:
    for_reading_and_writing = {"os", "io", "pathlib", "subprocess", "socket", "time", "random", "tempfile", "sqlite3"}
    machinery = {"sqlalchemy", "alembic", "fsspec", "studies", "ray", "optuna", "torch", "typer", "rich"}
    assert not packages_of(module) & (for_reading_and_writing | machinery)
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not calls & {"open", "print", "input"}


def test_only_two_modules_know_ray() -> None:
    assert {one.module for one in IMPORTS if one.package == "ray"} == {"oracle.execution.tune", "oracle.execution.jobs"}


def test_only_the_memory_speaks_sql() -> None:
    spoken = {one.module.partition(".")[0] for one in IMPORTS if one.package in {"sqlalchemy", "alembic"}}
    assert spoken == {"studies"}


def test_the_program_does_not_import_its_tests() -> None:
    assert not [one for one in IMPORTS if one.package == "tests"]


def test_importing_the_service_does_not_import_ray() -> None:
    script = """
import sys
import oracle.cli.app, oracle.execution, oracle.sweep
assert "oracle.sweep" in sys.modules
print(*sorted(name for name in sys.modules if name == "ray" or name.startswith("ray.")))
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == ""


def test_the_schedules_alone_import_nothing_of_the_service() -> None:
    script = """
import sys
from scyc import LevelLR, SCyc
heavy = {"ray", "optuna", "sqlalchemy", "pydantic", "sklearn", "torchvision", "plotly", "oracle", "studies"}
print(*sorted(heavy & sys.modules.keys()))
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_too_long_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
