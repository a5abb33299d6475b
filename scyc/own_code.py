"""Fingerprints of a user's own code: the module of a workload, and what it imports of the user's other modules."""

from __future__ import annotations

import ast
import hashlib
import sys
import sysconfig
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = frozenset({"scyc", "studies", "oracle"})
"""Packages of this program. Their version is recorded instead."""

_PYTHON = Path(sysconfig.get_path("stdlib"))
_INSTALLED = {"site-packages", "dist-packages"}
_SUFFIXES = (".py", ".pyx", ".so", ".pyd")


def code_fingerprints(module: str) -> dict[str, str]:
    """Return, by "module NAME", a fingerprint of a module's source, and of all that it imports of the user's own.

    Imports are followed as they are written, also those inside functions, through packages, and from module to module.
    What is installed is left out, unless it is the package of the module itself. Each fingerprint holds a hash of the
    text and one of what the text means to Python, which stays when only comments or the layout change; see
    `scyc.data.fingerprint.alike`. Of a script or notebook (`__main__`), only functions, classes and imports count.
    """
    top = _top(module)
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if f"module {name}" in found or not _is_own(_top(name), top):
            continue
        path = source_file(name)
        if path is None:
            continue
        text, tree = path.read_bytes(), _parsed(path)
        words = [hashlib.sha256(text).hexdigest()]
        if name == "__main__":
            kept = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
            tree.body, words = [node for node in tree.body if isinstance(node, kept)], []
        if tree.body:
            words.append(hashlib.sha256(ast.dump(tree).encode()).hexdigest())
        found[f"module {name}"] = " ".join(["code", *words])
        package = name if path.stem == "__init__" else name.rpartition(".")[0]
        waiting += _imports(tree, package)
    return found


def _parsed(path: Path) -> ast.Module:
    if path.suffix == ".py":
        with suppress(SyntaxError, ValueError):
            return ast.parse(path.read_bytes())
    return ast.Module([], [])


def source_file(module: str) -> Path | None:
    """Return the file of a module, None if it has none. Nothing is imported."""
    top, *rest = module.split(".")
    loaded = sys.modules.get(top)
    with suppress(ImportError, ValueError, AttributeError):
        spec = None if loaded else find_spec(top)
        places = getattr(loaded, "__path__", None) or (spec.submodule_search_locations if spec else None)
        file = getattr(loaded, "__file__", None) or (spec.origin if spec else None)
        folders = [Path(place) for place in places or ()]
        if not rest:
            return Path(file) if file and Path(file).is_file() else None
        return next(filter(None, (_inside(folder, rest) for folder in folders)), None)
    return None


def _inside(folder: Path, names: list[str]) -> Path | None:
    for name in names[:-1]:
        folder /= name
    package = folder / names[-1] / "__init__.py"
    files = [package, *sorted(path for path in folder.glob(f"{names[-1]}.*") if path.suffix in _SUFFIXES)]
    return next((path for path in files if path.is_file()), None)


def _is_own(name: str, workload: str) -> bool:
    """Return whether a top-level module is the user's own: neither Python's nor the program's, and not installed."""
    if name in PROGRAM or name in sys.stdlib_module_names:
        return False
    if name in (workload, "__main__"):
        return True
    loaded = sys.modules.get(name)
    with suppress(ImportError, ValueError):
        spec = getattr(loaded, "__spec__", None) if loaded else find_spec(name)
        if spec is None:
            return False
        places = [*(spec.submodule_search_locations or ()), *([spec.origin] if spec.has_location else [])]
        return bool(places) and not any(
            _INSTALLED & set(Path(place).parts) or Path(place).is_relative_to(_PYTHON) for place in places
        )
    return False


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield the names of modules that a source may import; some of them may be names inside a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _prefixes(alias.name)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from _prefixes(base)
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            given = [argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant)]
            yield from (name for text in given if isinstance(text, str) for name in _prefixes(text))


def _prefixes(name: str) -> Iterator[str]:
    """Yield a.b.c, a.b and a for "a.b.c": a package is imported before what is in it."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def _top(name: str) -> str:
    return name.partition(".")[0]
