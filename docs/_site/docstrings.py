"""Brings docstrings to what Sphinx reads: Gymnasium writes an environment's in Markdown."""

import re
from itertools import groupby
from typing import Any

from _site import rst

PAGE = re.compile(r"\bdocs/([\w/]+)\.md\b")


def convert(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Rewrite the lines of a docstring in place."""
    lines[:] = converted("\n".join(lines)).splitlines()
    if what in ("attribute", "property", "data"):
        lines.insert(0, "\\ ")  # or napoleon takes what stands before a colon for a type


def converted(text: str) -> str:
    """Return a docstring with its Markdown headings and tables, and names of pages as links.

    Example:
        >>> converted("As docs/agents.md says.")
        'As :doc:`docs/agents.md </docs/agents>` says.'
    """
    text = PAGE.sub(lambda found: _linked(found[0], found[1]), text)
    text = re.sub(r"^## (.+)$", r".. rubric:: \1\n", text, flags=re.M)
    parts = []
    for is_table, group in groupby(_joined(text), lambda line: line.startswith("|")):
        lines = list(group)
        parts.append(_table(lines) if is_table else "\n".join(lines))
    return "\n".join(parts)


def _linked(text: str, page: str) -> str:
    return text.replace(f"docs/{page}.md", f":doc:`docs/{page}.md </docs/{page}>`")


def plain(text: str) -> str:
    """Return a text that has no markup, with names of pages as links.

    Example:
        >>> plain("Settings (docs/agents.md)")
        'Settings (:doc:`docs/agents.md </docs/agents>`)'
    """
    parts = PAGE.split(text)  # text, page, text, page, …, text
    texts = [rst.escaped(part) for part in parts[::2]]
    links = [_linked(f"docs/{page}.md", page) for page in parts[1::2]]
    return "".join(text + link for text, link in zip(texts, [*links, ""], strict=True))


def _joined(text: str) -> list[str]:
    """Return the lines of a text, those that end with a backslash joined to the next."""
    return re.sub(r"\\\n *", "", text).splitlines()


def _table(lines: list[str]) -> str:
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return "\n" + rst.table(header, rows)
