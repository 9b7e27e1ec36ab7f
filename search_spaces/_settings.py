"""Settings are frozen dataclasses: checked by their annotations, plain JSON outside.

Search spaces, tasks, recipes and the agents' configurations all are such dataclasses, so one
function checks them all, whether the values come from ``gym.make`` or from the command line.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from search_spaces._errors import InvalidValue, UnknownName

Settings = TypeVar("Settings")


def from_mapping(cls: type[Settings], values: Mapping[str, Any], what: str) -> Settings:
    """Make the dataclass ``cls`` from plain JSON values.

    Args:
        cls: A dataclass.
        values: Values by field; missing ones have their defaults, and lists become tuples.
        what: Name of a field in messages ("recipe setting").

    Raises:
        UnknownName: If a name is not a field.
        InvalidValue: If a value is of the wrong type, not finite, missing, or refused by ``cls``.

    Example:
        >>> from search_spaces.convolutional import ConvolutionalSpace
        >>> from_mapping(ConvolutionalSpace, {"layers": 3, "filters": [4, 8]}, "setting").filters
        (4, 8)
    """
    known = {field.name: field for field in fields(cls) if field.init}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            raise UnknownName(what, name, known)
    for name, field in known.items():
        if name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise InvalidValue(f"{what} {name} is missing")
    hints = typing.get_type_hints(cls)
    return cls(**{name: _typed(value, hints[name], name) for name, value in values.items()})


def named(spec: str | Mapping[str, Any], what: str) -> tuple[str, dict[str, Any]]:
    """Return the name and the settings of a spec: a name, or a mapping with ``name`` in it.

    Raises:
        InvalidValue: If it is neither.
    """
    if isinstance(spec, str):
        return spec, {}
    settings = dict(spec) if isinstance(spec, Mapping) else {}
    name = settings.pop("name", None)
    if not isinstance(name, str):
        raise InvalidValue(f"{what} is {spec!r}, expected a name, or a mapping with a name")
    return name, settings


def at_least(settings: object, **bounds: float) -> None:
    """Check that each named field is at least its bound (None is not checked).

    Raises:
        InvalidValue: If one is below; the message names the first.
    """
    for name, bound in bounds.items():
        value = getattr(settings, name)
        if value is not None and not value >= bound:
            raise InvalidValue(f"{name} is {value}, expected at least {bound}")


def at_least_or(word: str, settings: object, **bounds: float) -> None:
    """Check that each named field is a word, or at least its bound (None is not checked).

    Raises:
        InvalidValue: If one is below; the message names the first.
    """
    numbers = {name: bound for name, bound in bounds.items() if getattr(settings, name) != word}
    at_least(settings, **numbers)


def above(settings: object, **bounds: float) -> None:
    """Check that each named field is more than its bound (None is not checked).

    Raises:
        InvalidValue: If one is not; the message names the first.
    """
    for name, bound in bounds.items():
        value = getattr(settings, name)
        if value is not None and not value > bound:
            raise InvalidValue(f"{name} is {value}, expected more than {bound}")


def at_most(settings: object, **bounds: float) -> None:
    """Check that each named field is at most its bound (None is not checked).

    Raises:
        InvalidValue: If one is above; the message names the first.
    """
    for name, bound in bounds.items():
        value = getattr(settings, name)
        if value is not None and not value <= bound:
            raise InvalidValue(f"{name} is {value}, expected at most {bound:,}")


def between(settings: object, low: float, high: float, *names: str) -> None:
    """Check that each named field lies in ``low <= value < high``.

    Raises:
        InvalidValue: If one does not; the message names the first.
    """
    for name in names:
        value = getattr(settings, name)
        if not low <= value < high:
            raise InvalidValue(f"{name} is {value}, expected from {low} to below {high}")


def _typed(value: Any, hint: Any, name: str) -> Any:
    """Return ``value`` in the type of the annotation ``hint``, or raise an error."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _one_of(value, get_args(hint), name)
    if origin is Literal:
        if value not in get_args(hint) or isinstance(value, bool) != isinstance(
            get_args(hint)[0], bool
        ):
            raise UnknownName(f"{name}", str(value), map(str, get_args(hint)))
        return value
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise InvalidValue(f"{name} is {value!r}, expected a list")
        return tuple(_typed(item, get_args(hint)[0], name) for item in value)
    return _scalar(value, hint, name)


def _one_of(value: Any, hints: tuple[Any, ...], name: str) -> Any:
    if value is None and type(None) in hints:
        return None
    *others, last = (hint for hint in hints if hint is not type(None))
    for hint in others:
        try:
            return _typed(value, hint, name)
        except InvalidValue:
            continue
    return _typed(value, last, name)


def _scalar(value: Any, hint: Any, name: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if hint is Any or (isinstance(value, hint) and isinstance(value, bool) == (hint is bool)):
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidValue(f"{name} is {value}, expected a finite number")
        return value
    known = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    raise InvalidValue(f"{name} is {value!r}, expected {known.get(hint, hint)}")
