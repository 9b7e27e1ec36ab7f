"""The base of a network's description, and the reading of its JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from search_spaces._errors import InvalidArchitecture, nearest
from search_spaces._json import strict_json

TEXT_LIMIT = 64_000  # bytes of an architecture's JSON; a 20-layer network has about 3,000


class Architecture(ABC):
    """A complete, immutable, hashable description of a network."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the description as plain JSON values, as a person would write it by hand."""

    @abstractmethod
    def canonical(self) -> Architecture:
        """Return the architecture that stands for this network.

        Architectures with equal canonical forms are the same network, up to the names of its parts.
        The converse is not promised: some networks that compute the same have different forms.
        """

    def to_json(self) -> str:
        """Return the description as one line of JSON."""
        return json.dumps(self.to_dict())


class Reference(NamedTuple):
    """A known network, and what builds it at the size of a child.

    Attributes:
        space: Name and construction settings of a search space.
        architecture: The network.
    """

    space: Mapping[str, Any]
    architecture: Architecture


def load_json(text: str) -> dict[str, Any]:
    """Read an architecture's JSON strictly: no NaN, no key twice, limited depth and size.

    Raises:
        InvalidArchitecture: If something is wrong with the text; the message says what.
    """
    if not isinstance(text, str):
        raise InvalidArchitecture(f"expected JSON as text, got {type(text).__name__}")
    if len(text.encode("utf-8", "surrogatepass")) > TEXT_LIMIT:
        raise InvalidArchitecture(f"the JSON is longer than {TEXT_LIMIT:,} bytes")
    try:
        value = strict_json(text)
    except ValueError as error:
        raise InvalidArchitecture(f"not an architecture's JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidArchitecture(f"expected a JSON object, got {type(value).__name__}")
    return value


def check_keys(value: Any, keys: Sequence[str], what: str) -> None:
    """Check that ``value`` is an object with exactly these keys.

    Raises:
        InvalidArchitecture: If a key is unknown or missing; the message names the first.
    """
    if not isinstance(value, Mapping):
        raise InvalidArchitecture(f"{what} must be an object with {', '.join(keys)}")
    for key in value:
        if key not in keys:
            raise InvalidArchitecture(f"{what} has an unknown key {key!r}: {nearest(key, keys)}")
    for key in keys:
        if key not in value:
            raise InvalidArchitecture(f"{what} has no {key!r}")


def whole_number(value: Any, most: int, what: str) -> int:
    """Return a value of a description that must be a whole number from 1 to ``most``.

    Raises:
        InvalidArchitecture: If it is none; the message says ``what`` it should be.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidArchitecture(f"{what} is {value!r}, expected a whole number from 1 to {most}")
    return value
