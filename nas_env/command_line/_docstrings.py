"""Reads what the docstrings of dataclasses say of their fields: the help of options."""

from __future__ import annotations

import inspect
import re

_ROLE = re.compile(r":[\w:]+:`~?(?:[\w.]*\.)?([^`]+)`")


def attributes(cls: type) -> dict[str, str]:
    """Return what the docstrings of a class and its parents say of each attribute.

    Example:
        >>> from nas_env.search.loop import Depth
        >>> attributes(Depth)["step"]
        'Layers that are added each time.'
    """
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        section = inspect.cleandoc(each.__doc__ or "").partition("\nAttributes:\n")[2]
        name = ""
        for line in section.splitlines():
            if start := re.match(r" {4}(\w+): (.*)", line):
                name, found[start[1]] = start[1], start[2]
            elif line.startswith(" " * 8) and name:
                found[name] += " " + line.strip()
            else:
                break
    return {name: plain(text) for name, text in found.items()}


def plain(text: str) -> str:
    """Return a docstring's text without its markup.

    Example:
        >>> plain("``auto``: see :class:`~nas_env.search.loop.Depth`")
        'auto: see Depth'
    """
    return _ROLE.sub(r"\1", text).replace("``", "")
