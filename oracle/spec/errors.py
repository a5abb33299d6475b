"""What is wrong with a spec, in words for its author: a field's full name, what it should be, and what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_BY_TYPE = {
    "extra_forbidden": "is not a known field (`scyc spec` lists them)",
    "bool_type": "should be true or false",
    "list_type": "should be a list",
    "model_type": "should be a section",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "tuple_type": "should be a list",
}
_WORDING = {
    "Value error, ": "",
    "Input ": "",
    "a valid integer": "an integer",
    "a valid ": "a ",
    "greater than or equal to": "at least",
    "less than or equal to": "at most",
    "greater than": "above",
    "less than": "below",
}


def faults(error: ValidationError, section: str = "") -> str:
    """Return everything that `error` complains of, as phrases that are separated by semicolons.

    Args:
        error: of a model, or of one field.
        section: name of the field that `error` is about, if the error does not say so itself.
    """
    return "; ".join(_fault(one, section) for one in error.errors(include_url=False))


def _fault(error: ErrorDetails, section: str) -> str:
    where = ".".join(filter(None, [section, *map(str, error["loc"])]))
    message, given = error["msg"].rstrip("."), error["input"]
    for pydantic, plain in _WORDING.items():
        message = message.replace(pydantic, plain)
    message = _BY_TYPE.get(error["type"], message)
    if isinstance(given, (dict, BaseModel)):  # a whole section: too much to repeat
        about_several = error["type"] == "value_error"
        place = f"{where}: " if where else ""  # an error about the whole spec has none
        return f"{place}{message[0].lower()}{message[1:]}" if about_several else f"{where} {message}"
    says_it_all = error["type"] == "extra_forbidden" or message == "must not be empty"
    return f"{where} {message}" if says_it_all else f"{where} {message}, but it is {_toml(given)}"


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
