"""Networks of the literature, as files that ship with the package."""

from __future__ import annotations

from importlib import resources
from typing import Any

from search_spaces._architecture import load_json
from search_spaces._errors import UnknownName


def published_architecture(name: str) -> dict[str, Any]:
    """Return a network of the literature, as the dictionary that its space's ``parse`` takes.

    Raises:
        UnknownName: If no file has that name.

    Example:
        >>> len(published_architecture("zoph_le_2017_v1")["layers"])
        15
    """
    folder = resources.files("search_spaces") / "published"
    known = {file.name.removesuffix(".json"): file for file in folder.iterdir()}
    if name not in known:
        raise UnknownName("published architecture", name, known)
    return load_json(known[name].read_text())
