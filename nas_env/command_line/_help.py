"""The help of the command line, made of the docstrings of the settings that can be given."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import textwrap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import field, fields, is_dataclass, make_dataclass
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import tyro

from nas_env.command_line._docstrings import attributes


class Entry(NamedTuple):
    """A command-line option, or the several of a nested dataclass, as tyro is told of it.

    Attributes:
        name: Name of the field.
        hint: What tyro makes the option of.
        default: A dataclass's field, with its default.
    """

    name: str
    hint: Any
    default: Any


def entries(settings: Any, short: Collection[str] = ()) -> list[Entry]:
    """Return the options that set the fields of a dataclass.

    Args:
        settings: The dataclass, whose values are the defaults. Its docstring has the help; a
            field's metadata may have another ``name`` and another ``metavar``.
        short: The fields of a nested dataclass that have an option of their plain name too.
    """
    texts, hints = attributes(type(settings)), get_type_hints(type(settings))
    found = []
    for each in fields(settings):
        if not each.metadata.get("setting", True):
            continue
        value, text = getattr(settings, each.name), texts.get(each.name, "")
        if is_dataclass(value):
            found.append(nested(each.name, value, text))
            continue
        told: dict[str, Any] = {"help": text, **each.metadata}
        if value is None and "None" not in text:  # then the text says what is done without
            told.setdefault("metavar", _metavar(hints[each.name]))
            told["help_behavior_hint"] = ""
        if each.name in short:
            told["aliases"] = [f"--{each.name.replace('_', '-')}"]
        if value == ():
            told["help_behavior_hint"] = "(default: none)"
        hint = Annotated[hints[each.name], tyro.conf.arg(**told)]
        found.append(Entry(each.name, hint, field(default_factory=lambda value=value: value)))
    return found


def nested(
    name: str,
    settings: Any,
    text: str,
    prefix: str | None = None,
    short: Collection[str] = (),
    only: Collection[str] | None = None,
) -> Entry:
    """Return the options ``--<name>.<field>`` that set the fields of another dataclass.

    Args:
        name: Name of the field that holds it.
        settings: The other dataclass, whose values are the defaults.
        text: What its group of options is about.
        prefix: Another name before the dot.
        short: The fields that may also be given as ``--<field>`` alone.
        only: The fields to show; None for all.
    """
    kind = whole([e for e in entries(settings, short) if only is None or e.name in only])
    kind.__doc__ = text
    told = tyro.conf.arg(name=prefix or name, help=text)
    return Entry(name, Annotated[kind, told], field(default_factory=kind))


def whole(options: Sequence[Entry]) -> type:
    """Return the dataclass of some options, for tyro to parse."""
    return make_dataclass("CommandLine", options, frozen=True)


def show_help(options: Sequence[Entry], program: str, about: str, more: str) -> None:
    """Print the help of some options in the width of the terminal.

    Args:
        options: Options to show.
        program: Name by which the program was called.
        about: Description of the program.
        more: Text below the options.
    """
    width = shutil.get_terminal_size().columns
    with readable(), contextlib.suppress(SystemExit):
        tyro.cli(whole(options), args=["--help"], prog=program, description=about)
    with readable():
        for line in more.splitlines():
            sys.stdout.write(textwrap.fill(line, width, break_long_words=False) + "\n")


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """Print to a reader who may stop reading, as ``head`` does."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is left to print


def _metavar(hint: Any) -> str:
    """Return what stands for the value of an optional setting: ``INT``, ``{wandb}``."""
    kinds = [kind for kind in get_args(hint) if kind is not type(None)]
    if len(kinds) != 1:
        return "|".join(_metavar(kind | None) for kind in kinds)
    if get_origin(kinds[0]) is Literal:
        return "{" + ",".join(map(str, get_args(kinds[0]))) + "}"
    return kinds[0].__name__.upper()
