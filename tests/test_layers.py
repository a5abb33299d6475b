"""Who may import whom."""

from __future__ import annotations

import ast
import re
import sys
from graphlib import TopologicalSorter
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
    """One import: the module it is in, what it names, and whether it waits inside a function or is for types alone."""

    module: str
    imported: str
    deferred: bool = False
    for_types: bool = False

    @property
    def package(self) -> str:
        return self.imported.partition(".")[0]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_in(tree: ast.AST, module: str, deferred: bool = False, for_types: bool = False) -> Iterator[Import]:
    """Every import."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from imports_in(ast.Module(node.body, []), module, deferred, for_types=True)
            yield from imports_in(ast.Module(node.orelse, []), module, deferred, for_types)
        elif isinstance(node, ast.Import):
            yield from (Import(module, alias.name, deferred, for_types) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively."
            # `from oracle import machine` imports oracle.searching.machine
            yield from (Import(module, f"{node.module}.{alias.name}", deferred, for_types) for alias in node.names)
        else:
            inside = deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from imports_in(node, module, inside, for_types)


ALL_IMPORTS = [
    found for path in FILES for found in imports_in(ast.parse(path.read_text(encoding="utf-8")), module_name(path))
]
IMPORTS = [found for found in ALL_IMPORTS if not found.for_types]
"""Those that are carried out: the others are for the type checker's eyes alone."""


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
        Import("m", "a"),
        Import("m", "b.c.d"),
        Import("m", "for_types_only", for_types=True),
        Import("m", "e"),
        Import("m", "h.i", deferred=True),
    ]


@pytest.mark.parametrize(("package", "others"), [("scyc", {"studies", "oracle"}), ("studies", {"scyc", "oracle"})])
def test_neither_the_science_nor_the_memory_knows_another_package(package: str, others: set[str]) -> None:
    assert not packages_of(package) & (others | {"tests"})


def test_the_science_needs_torch_numpy_and_filelock_only() -> None:
    foreign = [one for one in imports_of("scyc") if one.package not in sys.stdlib_module_names | {"scyc"}]
    others = [one for one in foreign if one.package not in {"torch", "numpy", "filelock", "lazy_loader"}]
    assert {one.package for one in others} <= {"sklearn", "torchvision"}
    assert all(one.deferred and one.module.startswith("scyc.data.") for one in others)


def test_the_memory_knows_neither_torch_nor_ray_nor_optuna() -> None:
    allowed = sys.stdlib_module_names | {"studies", "sqlalchemy", "alembic", "fsspec", "lazy_loader"}
    assert packages_of("studies") <= allowed


ARROWS: dict[str, set[str]] = {
    "trials": set(),
    "spec": set(),
    "surface": set(),
    "searching": {"spec", "surface"},
    "execution": {"spec", "trials"},
    "study": {"spec"},
    "driver": {"execution", "searching", "spec", "study", "trials"},
    "results": {"execution", "searching", "spec", "study", "surface"},
    "comparison": {"results", "searching", "spec", "study", "surface"},
    "replaying": {"results", "searching", "spec", "study"},
    "report": {"comparison", "results", "spec", "study"},
    "testing": {"driver", "execution", "searching", "spec", "study"},
    "api": {"comparison", "driver", "execution", "replaying", "report", "results", "spec", "study", "trials"},
    "web": {"api", "comparison", "execution", "report", "results", "spec", "study", "surface"},
    "cli": {"api", "comparison", "driver", "execution", "replaying", "report", "results", "spec", "study", "web"},
}
"""The rooms of `oracle/`, lowest first, and whom each may import, be it for types; docs/architecture.md draws them."""


def room(module: str) -> str:
    return module.split(".")[1]


ROOMS_OF = {
    name: {
        room(one.imported)
        for one in ALL_IMPORTS
        if one.module.startswith(f"oracle.{name}.") or one.module == f"oracle.{name}"
        if one.package == "oracle"
    }
    - {name}
    for name in ARROWS
}


@pytest.mark.parametrize("name", ARROWS)
def test_a_room_imports_those_it_may(name: str) -> None:
    assert ROOMS_OF[name] <= ARROWS[name]


@pytest.mark.parametrize("name", ARROWS)
def test_an_arrow_that_nobody_needs_is_not_drawn(name: str) -> None:
    assert ARROWS[name] <= ROOMS_OF[name]


def test_no_arrow_runs_up_and_no_room_is_forgotten() -> None:
    order = list(ARROWS)
    assert all(order.index(below) < order.index(name) for name, others in ARROWS.items() for below in others)
    assert {path.name for path in (ROOT / "oracle").iterdir() if (path / "__init__.py").exists()} == set(ARROWS)


def test_the_page_on_the_architecture_draws_the_same_arrows() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## The rooms of `oracle/`")[2]
    rows = re.findall(r"^\| `(\w+)/` \|.*\| ([\w, ]*)\|$", page, re.MULTILINE)
    assert {name: {word.strip() for word in below.split(",")} - {""} for name, below in rows} == ARROWS


def test_no_modules_import_in_a_circle() -> None:
    modules = {module_name(path) for path in FILES}
    graph: dict[str, set[str]] = {}
    for one in IMPORTS:
        if not one.deferred:
            imported = one.imported if one.imported in modules else one.imported.rpartition(".")[0]
            graph.setdefault(one.module, set()).add(imported)
    TopologicalSorter(graph).prepare()  # a CycleError names the circle


def test_only_the_command_line_knows_typer_and_rich() -> None:
    assert {room(one.module) for one in IMPORTS if one.package in {"typer", "click", "rich"}} == {"cli"}


@pytest.mark.parametrize(
    "module",
    [
        "oracle.searching.machine",
        "oracle.searching.candidates",
        "oracle.results.intervals.interval",
        "oracle.results.intervals.noise",
        "oracle.results.intervals.paired",
        "oracle.results.intervals.rule",
        "oracle.results.intervals.model",
        "oracle.results.intervals.within",
        "oracle.surface.observations",
        "oracle.surface.surface",
        "oracle.searching.proposers.grid",
    ],
)
def test_the_heart_of_the_oracle_performs_no_io(module: str) -> None:
    for_reading_and_writing = {"os", "io", "pathlib", "subprocess", "socket", "time", "random", "tempfile", "sqlite3"}
    machinery = {"sqlalchemy", "alembic", "fsspec", "studies", "ray", "optuna", "torch", "typer", "rich"}
    assert not packages_of(module) & (for_reading_and_writing | machinery)
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not calls & {"open", "print", "input"}


def test_only_three_modules_know_ray() -> None:
    known = {f"oracle.execution.{name}" for name in ("tune", "jobs", "pickled")}
    assert {one.module for one in IMPORTS if one.package == "ray"} == known


def test_only_the_memory_speaks_sql() -> None:
    spoken = {one.module.partition(".")[0] for one in IMPORTS if one.package in {"sqlalchemy", "alembic"}}
    assert spoken == {"studies"}


def test_the_program_does_not_import_its_tests() -> None:
    assert not [one for one in IMPORTS if one.package == "tests"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_too_long_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
