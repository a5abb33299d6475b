"""The protocols of papers as specs, every field with its source, or the word that it is assumed."""

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
"""What a preset's two-core version has instead: everything that costs time. How it prunes and trains stays."""


def preset_names() -> list[str]:
    """Return the presets' names."""
    return sorted(file.name.removesuffix(".toml") for file in files(__name__).iterdir() if file.name.endswith(".toml"))


def preset_text(name: str) -> str:
    """Return a preset as TOML, with its comments.

    Raises:
        InputError: there is none of that name.
    """
    if name not in preset_names():
        raise InputError(f"There is no preset {name!r}; there are {', '.join(preset_names())}.")
    return files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")


def preset(name: str, *, small: bool = False) -> Spec:
    """Return a preset, or its two-core version.

    Raises:
        InputError: there is none of that name.
    """
    values = tomllib.loads(preset_text(name))
    return parse_spec(values | SMALL if small else values, f"preset {name}")
