"""The errors of bad input: typed, one line long, naming the nearest right thing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["InvalidArchitecture", "InvalidTokens", "InvalidValue", "UnknownName", "nearest"]


LONGEST = 1_000  # characters of a message, whatever was given


class _OneLine(ValueError):
    """An error whose message has a limited length, since it repeats what was given."""

    def __str__(self) -> str:
        text = super().__str__()
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


class InvalidValue(_OneLine):
    """A setting whose value is of the wrong type, not finite or out of range."""


class UnknownName(InvalidValue):
    """A name that no member, option or environment has.

    Example:
        >>> raise UnknownName("agent", "reinforc", ["random_search", "reinforce"])
        Traceback (most recent call last):
        search_spaces._errors.UnknownName: unknown agent 'reinforc': did you mean 'reinforce'?
    """

    def __init__(self, what: str, given: str, known: Iterable[str]):
        super().__init__(f"unknown {what} {given!r}: {nearest(given, known)}")

    def __reduce__(self):  # another process gets the message, not its parts
        return type(self).__new__, (type(self), *self.args)


class InvalidArchitecture(_OneLine):
    """An architecture that cannot be: bad JSON, a wrong type, a value out of range."""


class InvalidTokens(_OneLine):
    """A sequence of tokens that is not one of the search space."""


def nearest(given: str, known: Iterable[str]) -> str:
    """Return a half sentence with the nearest known names, or with all of them.

    Example:
        >>> nearest("digit", ["cifar10", "digits"])
        "did you mean 'digits'?"
    """
    known = sorted(known)
    close = difflib.get_close_matches(str(given), known, n=2, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(repr(name) for name in close) + "?"
    return "known are " + ", ".join(known) if known else "none is known"
