"""Specs from TOML files and command lines, validated before any work starts, and back."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from oracle.spec.errors import faults
from oracle.spec.model import Spec
from scyc import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def load_spec(path: Path | None = None, overrides: Iterable[str] = ()) -> Spec:
    """Return the spec in a TOML file, with `key=value` overrides applied. Default: the embedded example.

    Args:
        path: TOML file.
        overrides: like `search.max_lr.count=6`; a value is TOML, or a plain string where it is not.

    Raises:
        InputError: one sentence on everything that is wrong with it.
    """
    given = read_values(path) if path is not None else {}
    for override in overrides:
        _apply(given, override)
    return parse_spec(given, "the defaults with --set" if path is None else str(path))


def read_values(path: Path) -> dict[str, Any]:
    """Return the values in a TOML file, as they are.

    Raises:
        InputError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The spec {path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The spec {path} cannot be read: it is not UTF-8 text.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The spec {path} is not TOML: {error}.") from error


def set_field(values: dict[str, Any], key: str, value: Any) -> None:
    """Set a field of a spec's values by its name, such as `search.max_lr.count`.

    Raises:
        InputError: the name reaches into what is a value.
    """
    *sections, name = key.split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise InputError(f"The field {key} reaches into {section!r}, which is a value, not a section.")
    values[name] = value


def parse_spec(given: dict[str, Any], origin: str) -> Spec:
    """Return the spec that plain values describe.

    Raises:
        InputError: one sentence, naming `origin`, on everything that is wrong with them.
    """
    try:
        return Spec.model_validate(given)
    except ValidationError as error:
        raise InputError(f"The spec ({origin}) is not valid: {faults(error)}.") from error


def spec_template(spec: Spec | None = None) -> str:
    """Return a spec, the embedded default unless given, as TOML with every field's meaning and range as a comment."""
    return "\n".join(_template_lines(spec or Spec(), "")) + "\n"


def _template_lines(section: BaseModel, prefix: str) -> Iterable[str]:
    tables, said = [], section.model_dump()
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            tables.append((f"{prefix}{name}", value))
        elif value is None:
            yield f"# {name} = []  # {field.description}"
        elif name in said:
            choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
            named = f" ({', '.join(choices)})" if choices else ""
            yield f"{name} = {json.dumps(value)}  # {field.description}{named}"
    for name, value in (section.model_extra or {}).items():
        yield f"{name} = {json.dumps(value)}"
    for table, value in tables:
        yield f"\n[{table}]"
        yield from _template_lines(value, f"{table}.")


def _apply(given: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    path = [part.strip() for part in key.split(".")]
    if not equals or not all(path):
        raise InputError(f"--set takes key=value, for example --set search.max_lr.count=6, but it is {override!r}.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    set_field(given, ".".join(path), value)
