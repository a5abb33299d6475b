"""Specs from TOML files and overrides, checked before any work starts; and TOML from specs."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from oracle.spec.errors import faults
from oracle.spec.model import Spec
from scyc import InputError
from scyc.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tomlkit import TOMLDocument
    from tomlkit.items import Table


def load_spec(path: Path | None = None, overrides: Iterable[str] = ()) -> Spec:
    """Return the spec in a TOML file, with `key=value` overrides applied.

    Args:
        path: a TOML file. Default: the embedded example.
        overrides: such as `search.max_lr.count=6`. A value is read as TOML, or else as a plain string.

    Raises:
        InputError: the spec cannot be read or is not valid; one sentence says everything that is wrong with it.
    """
    given = read_values(path) if path is not None else {}
    for override in overrides:
        set_field(given, *parse_override(override))
    return parse_spec(given, "the embedded example with overrides" if path is None else str(path))


def read_values(path: Path) -> dict[str, Any]:
    """Return the values in a TOML file, as they are.

    Raises:
        InputError: the file cannot be read, or is not TOML.
    """
    try:
        text = read_text(path)
        return tomllib.loads(text)
    except OSError as error:
        raise InputError(f"The spec {path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The spec {path} cannot be read: it is not UTF-8 text.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The spec {path} is not TOML: {error}.{_lookalike(text, str(error))}") from error


def _lookalike(text: str, error: str) -> str:
    """Return a sentence on a character, in the line of a TOML error, that only looks like a space or a quote."""
    found = re.search(r"line (\d+)", error)
    line = text.split("\n")[int(found[1]) - 1] if found else ""
    for character in line:
        if unicodedata.category(character) in ("Zs", "Cf", "Pi", "Pf") and character != " ":
            name = unicodedata.name(character, "a character without a name").lower()
            return f" It holds U+{ord(character):04X}, {name}; write an ordinary space or quote."
    return ""


def set_field(values: dict[str, Any], key: str, value: Any) -> None:
    """Set a field of a spec's values by its name, such as `search.max_lr.count`.

    Raises:
        InputError: a part of the name is a value, not a section.
    """
    *sections, name = key.split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise InputError(f"There is no field {key}: {section!r} is a value, not a section.")
    values[name] = value


def parse_override(override: str) -> tuple[str, Any]:
    """Return the field's name and the value of a `key=value`. A value is read as TOML, or else as a plain string.

    Raises:
        InputError: it is not of this form.
    """
    key, equals, text = override.partition("=")
    path = [part.strip() for part in key.split(".")]
    if not equals or not all(path):
        raise InputError(f"An override is key=value, such as search.max_lr.count=6, but it is {override!r}.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    return ".".join(path), value


def parse_spec(given: dict[str, Any], origin: str) -> Spec:
    """Return the spec that plain values describe.

    Raises:
        InputError: the values are not valid; one sentence names `origin` and says everything that is wrong.
    """
    try:
        return Spec.model_validate(given)
    except ValidationError as error:
        raise InputError(f"The spec ({origin}) is not valid: {faults(error)}.") from error


def spec_template(spec: Spec | None = None) -> str:
    """Return a spec as TOML, with every field's meaning and range as a comment. Default: the embedded example."""
    import tomlkit

    document = tomlkit.document()
    _explain(spec or Spec(), document)
    return tomlkit.dumps(document)


def spec_toml(spec: Spec) -> str:
    """Return a spec as TOML without comments, with every default written out."""
    import tomlkit

    return tomlkit.dumps(spec.to_dict())


def _explain(section: BaseModel, table: TOMLDocument | Table) -> None:
    """Write a section's fields into a table, each with its meaning behind it."""
    import tomlkit

    sections, written = {}, section.model_dump()
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            sections[name] = value
        elif value is None:
            empty = "[]" if "list" in str(field.annotation) else "..."
            table.add(tomlkit.comment(f"{name} = {empty}  # {field.description}"))
        elif name not in written:
            table.add(tomlkit.comment(f"{name} = {value}  # {field.description}"))
        else:
            choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
            named = f" ({', '.join(choices)})" if choices else ""
            item = tomlkit.item(value)
            item.comment(f"{field.description}{named}")
            item.trivia.comment_ws = "  "
            table.add(name, item)
    for name, value in (section.model_extra or {}).items():
        table.add(name, value)
    for name, inner in sections.items():
        inside = tomlkit.table()
        _explain(inner, inside)
        table.add(name, inside)
