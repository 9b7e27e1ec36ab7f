"""The options of a dataclass, as the tab key needs them: their values and their help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from agents import agent_names
from nas_env import environment_ids
from nas_env.command_line._completion._complete import FILES
from nas_env.command_line._docstrings import attributes
from nas_env.evaluation import evaluator_names
from nas_env.final.grid import GRIDS
from nas_env.objectives import objective_names
from nas_env.tracking import tracker_names
from search_spaces import space_names

#: Whether words are files, or else which; and whether there may be several.
Values = tuple[str | Sequence[str], bool]
#: For each option its values, and what it means.
Described = dict[str, tuple[Values, str]]

#: The values of options whose type does not tell them.
KNOWN: Mapping[str, Callable[[], Sequence[str]]] = {
    "env": environment_ids,
    "environment": environment_ids,
    "environments": environment_ids,
    "agent": agent_names,
    "agents": agent_names,
    "objective": objective_names,
    "space": space_names,
    "evaluator": evaluator_names,
    "track": tracker_names,
    "grid": lambda: tuple(GRIDS),
    "device": lambda: ("auto", "cpu", "cuda"),
}
FILE = frozenset({"store", "architecture", "path"})
HELP: Described = {"--help": (([], False), "Show the help")}


def options_of(settings: type, prefix: str = "", short: frozenset[str] = frozenset()) -> Described:
    """Return the options that set the fields of a dataclass.

    Args:
        settings: The dataclass.
        prefix: What goes before the names: ``agent.``.
        short: The fields that have an option of their plain name too.
    """
    found: Described = {}
    texts, hints = attributes(settings), get_type_hints(settings, include_extras=True)
    for each in fields(settings):
        hint = hints[each.name]
        if not each.metadata.get("setting", True) or get_origin(hint) is Annotated:
            continue
        values, told = _values(each.name, hint), _first_sentence(texts.get(each.name, ""))
        name = str(each.metadata.get("name", each.name)).replace("_", "-")
        names = [f"--{prefix}{name}", *([f"--{name}"] if each.name in short else [])]
        for option in names:
            found[option] = values, told
            if hint is bool:
                found[_without(option)] = values, f"Not: {told}"
    return found


def first_words(settings: type) -> str | Sequence[str]:
    """Return what the first words of a command may be, before any option."""
    hints = get_type_hints(settings, include_extras=True)
    positional = [h for h in hints.values() if get_origin(h) is Annotated]
    files = {"run", "runs", "folder", "source", "what"} & hints.keys()
    return FILES if positional or files else []


def _without(option: str) -> str:
    """``--agent.avoid-repeats`` -> ``--agent.no-avoid-repeats``."""
    before, dot, name = option[2:].rpartition(".")
    return f"--{before}{dot}no-{name}"


def _values(name: str, hint: Any) -> Values:
    """Return the values of an option, and whether there may be several."""
    kinds = _kinds(hint)
    many = any(get_origin(kind) is tuple for kind in kinds)
    kinds = [inner for kind in kinds for inner in (get_args(kind) or (kind,))]
    if name in KNOWN:
        return KNOWN[name](), many
    if Path in kinds or name in FILE:
        return FILES, many
    literals = [str(kind) for kind in kinds if not isinstance(kind, type) and kind is not ...]
    return literals, many


def _kinds(hint: Any) -> list[Any]:
    """Return the types that a hint allows, without None."""
    if get_origin(hint) in (Union, UnionType):
        return [kind for each in get_args(hint) for kind in _kinds(each)]
    return [] if hint is type(None) else [hint]


def _first_sentence(text: str) -> str:
    """Return what a help says first, in a line."""
    return text.split(". ")[0].split(": ")[0].split("; ")[0].rstrip(".")
