"""The papers' protocols as specs. A comment gives each field's source, or marks it as assumed."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

from oracle.spec.files import parse_spec
from scyc import InputError

if TYPE_CHECKING:
    from typing import Any

    from oracle.spec.model import Spec

SMALL: dict[str, Any] = {
    "workload": "mnist1d/mlp-300-100",
    "levels": 4,
    "seeds": [0, 1],
    "epochs": 4,
    "batch_size": 64,
    "search": {"widen": 0, "max_lr": {"low": 0.05, "high": 0.4, "count": 3}},
}
"""The fields that a preset's small version replaces: all that cost time. How it prunes and trains stays the same."""


def preset_names() -> list[str]:
    """Return the presets' names."""
    return sorted(file.name.removesuffix(".toml") for file in files(__name__).iterdir() if file.name.endswith(".toml"))


def preset_text(name: str) -> str:
    """Return a preset as TOML, with its comments.

    Raises:
        InputError: there is no preset of that name.
    """
    if name not in preset_names():
        raise InputError(f"There is no preset {name!r}; choose one of {', '.join(preset_names())}.")
    return files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")


def preset(name: str, *, small: bool = False) -> Spec:
    """Return a preset, or its small version, which runs in minutes on two cores.

    Raises:
        InputError: there is no preset of that name.
    """
    values = tomllib.loads(preset_text(name))
    return parse_spec(values | SMALL if small else values, f"preset {name}")
