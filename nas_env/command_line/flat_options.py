"""Reads the options of a program into a dataclass; nothing beside Python is needed for it."""

from __future__ import annotations

import argparse
import types
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Literal,
    NoReturn,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from nas_env.command_line._docstrings import attributes
from nas_env.command_line._words import refuse_empty, unknown_option
from nas_env.errors import InvalidValue

Options = TypeVar("Options")

#: ``Annotated[Path, POSITIONAL]`` is given without the name of an option.
POSITIONAL = "positional"
TYPES = (int, float, str, Path)


def parse(options: type[Options], arguments: Sequence[str], program: str) -> Options:
    """Read a command line into a dataclass.

    Fields may be of type ``int``, ``float``, ``str``, ``Path``, ``bool``, a ``Literal``, or one of
    these ``| None``; or a tuple of many. The docstring has the help.

    Args:
        options: A dataclass.
        arguments: The words without the program's name.
        program: Name of the program.

    Raises:
        InvalidValue: If an argument is wrong; one line, with the nearest right name.
        SystemExit: After ``--help``.
    """
    refuse_empty(arguments)
    parser = _Parser(program, description=(options.__doc__ or "").partition("\n")[0])
    texts, hints = attributes(options), get_type_hints(options, include_extras=True)
    for each in fields(options):  # type: ignore[arg-type]
        _add(parser, each, hints[each.name], texts.get(each.name, ""))
    values, unknown = parser.parse_known_args(arguments)
    if unknown:
        raise InvalidValue(unknown_option(unknown[0], parser.names))
    for each in fields(options):  # type: ignore[arg-type]
        if each.default is MISSING and each.name not in vars(values):
            raise InvalidValue(f"{_option(each.name)} is missing")
    return options(**vars(values))


class _Parser(argparse.ArgumentParser):
    """Raises an error where its base prints the usage and exits."""

    def __init__(self, program: str, description: str):
        super().__init__(program, description=description, allow_abbrev=False)

    @property
    def names(self) -> list[str]:
        """The names of all options."""
        return list(self._option_string_actions)

    def error(self, message: str) -> NoReturn:
        """Raise an error of one line."""
        raise InvalidValue(message.removeprefix("argument "))


def _add(parser: argparse.ArgumentParser, each: Field[Any], hint: Any, text: str) -> None:
    """Add the option of a field."""
    settings: dict[str, Any] = {"help": text.replace("%", "%%")}
    if get_origin(hint) is Annotated:  # the only annotation that there is
        settings |= {**_kind(get_args(hint)[0]), "metavar": each.name.upper()}
        if each.default is not MISSING:  # the dataclass has it
            settings["default"] = argparse.SUPPRESS
        elif "nargs" in settings:
            settings["nargs"] = "+"
        parser.add_argument(each.name, **settings)
        return
    settings |= {**_kind(hint), "default": argparse.SUPPRESS}  # the dataclass has it
    if each.default not in (MISSING, None, ()):
        settings["help"] += f" (default: {_shown(each.default)})"
    parser.add_argument(_option(each.name), **settings)


def _option(name: str) -> str:
    """``fresh_seeds`` -> ``--fresh-seeds``."""
    return f"--{name.replace('_', '-')}"


def _kind(hint: Any) -> dict[str, Any]:
    """Return what argparse is told of the type of a field."""
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (kind for kind in get_args(hint) if kind is not type(None))
    if get_origin(hint) is tuple:
        return {**_kind(get_args(hint)[0]), "nargs": "*", "action": _Many}
    if get_origin(hint) is Literal:
        return {"choices": get_args(hint)}
    if hint is bool:
        return {"action": argparse.BooleanOptionalAction}
    if hint not in TYPES:
        raise TypeError(f"an option cannot be of type {hint}")
    return {"type": hint, "metavar": hint.__name__.upper()}


class _Many(argparse.Action):
    """Keeps the values of an option as a tuple."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        setattr(namespace, self.dest, tuple(values))


def _shown(default: Any) -> str:
    """Return a default as it is written on a command line."""
    return " ".join(map(str, default)) if isinstance(default, tuple) else str(default)
