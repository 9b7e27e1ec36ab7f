"""Search spaces: the decisions of a design and the networks that they describe.

Each folder, and each module whose name does not start with an underscore, is one search space.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces import _catalogue
from search_spaces._architecture import Architecture, Reference, check_keys
from search_spaces._base import SearchSpace
from search_spaces._decisions import Cost, Decision, Vertex
from search_spaces._errors import InvalidArchitecture, InvalidTokens, InvalidValue, UnknownName
from search_spaces._fitted import FittedToImages
from search_spaces._published import published_architecture
from search_spaces._settings import above, at_least, at_most, between, from_mapping, named
from search_spaces._source import Normalisation, Source

__all__ = [
    "Architecture",
    "Cost",
    "Decision",
    "FittedToImages",
    "InvalidArchitecture",
    "InvalidTokens",
    "InvalidValue",
    "Normalisation",
    "Reference",
    "SearchSpace",
    "Source",
    "UnknownName",
    "Vertex",
    "above",
    "at_least",
    "at_most",
    "between",
    "check_keys",
    "make_space",
    "published_architecture",
    "space_class",
    "space_names",
]


def space_names() -> tuple[str, ...]:
    """Return the names of the search spaces that ship with the package."""
    return _catalogue.names("search_spaces")


def space_class(name: str) -> type[SearchSpace]:
    """Return the class of a search space, by the name that :func:`make_space` takes.

    Raises:
        UnknownName: If there is no such space.
    """
    return _catalogue.load("search_spaces", name, SearchSpace)


def make_space(spec: str | Mapping[str, Any]) -> SearchSpace:
    """Make a search space from its name, or from its name and settings.

    Args:
        spec: Name, ``"convolutional"``, or name and settings, ``{"name": "convolutional",
            "layers": 6}``. ``package.module:NAME`` names a space outside this package.

    Raises:
        UnknownName: If there is no such space or no such setting.
        InvalidValue: If a setting's value is wrong.

    Example:
        >>> make_space({"name": "convolutional", "layers": 6}).length()
        33
    """
    name, settings = named(spec, "search space")
    return from_mapping(space_class(name), settings, f"setting of the {name} space")
