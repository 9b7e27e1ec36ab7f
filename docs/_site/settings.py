"""Tables of settings: the fields of a frozen dataclass, which are options of the command line."""

from collections.abc import Collection
from dataclasses import MISSING, Field, fields
from typing import Any

from _site import docstrings, rst
from nas_env.command_line._docstrings import attributes


def table(cls: type, part: str, left_out: Collection[str] = ()) -> str:
    """Return the table of a class's settings, with their options on the command line.

    Args:
        cls: Dataclass whose fields are settings.
        part: The part of the configuration, as in ``--agent.learning-rate``.
        left_out: Names of fields that are no settings.
    """
    said = attributes(cls)
    rows = [
        (_option(part, field), _default(field), docstrings.plain(said.get(field.name, "")))
        for field in fields(cls)
        if field.init and field.name not in left_out and field.metadata.get("setting", True)
    ]
    return rst.table(("setting", "default", "what"), rows, "25 20 55") if rows else "None.\n"


def described(cls: type, part: str, member: type) -> str:
    """Return the table, as the description of the class where it is the member's own."""
    if cls.__module__ != member.__module__:
        return table(cls, part)
    text = f".. py:class:: {cls.__module__}.{cls.__qualname__}\n\n{table(cls, part)}"
    return text.replace("\n", "\n   ").rstrip(" ")


def _option(part: str, field: Field[Any]) -> str:
    return rst.literal(f"--{part}.{field.name.replace('_', '-')}")


def _default(field: Field[Any]) -> str:
    if field.default is not MISSING:
        return shown(field.default)
    return "must be given" if field.default_factory is MISSING else shown(field.default_factory())


def shown(value: object) -> str:
    """Return a value as a reader would write it."""
    if value in ("", ()):
        return "nothing"
    return rst.literal(list(value) if isinstance(value, tuple) else value)
