"""What lets `scyc` run where little more than PyTorch is installed."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SERVICE = ("sqlalchemy", "alembic", "pydantic", "fsspec", "optuna", "tomlkit", "typer", "rich")
"""What `oracle` needs for a sweep."""


def furnish() -> None:
    """Put a stand-in where lazy_loader is not installed, the one package of `scyc` that does not come with PyTorch."""
    if find_spec("lazy_loader") is None:
        module = ModuleType("lazy_loader")
        module.attach_stub = attach_stub  # type: ignore[attr-defined]
        sys.modules["lazy_loader"] = module


def attach_stub(package: str, filename: str) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Do as lazy_loader does: import what the stub beside a file names when it is asked for."""
    tree = ast.parse(Path(filename).with_suffix(".pyi").read_text(encoding="utf-8"))
    places = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    def find(name: str) -> object:
        if name not in places:
            raise AttributeError(f"The module {package} has no attribute {name}.")
        module, attribute = places[name]
        return (
            getattr(import_module(f"{package}.{module}"), attribute) if module else import_module(f"{package}.{name}")
        )

    return find, lambda: list(places), list(places)


def unpack(wheels: Path, folder: Path) -> None:
    """Install the wheels of a folder into another one, and import from there what is not found elsewhere.

    Raises:
        CalledProcessError: pip cannot install them.
    """
    files = map(str, sorted(wheels.glob("*.whl")))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(folder)]
    subprocess.run([*pip, *files], check=True)
    sys.path.append(str(folder))


def has_service() -> bool:
    """Whether all is there that a sweep needs."""
    return all(find_spec(name) is not None for name in SERVICE)
