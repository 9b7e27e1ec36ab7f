"""The errors that a user of the environment may meet; each is one clear line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from inspect import signature
from typing import Any

from search_spaces import InvalidArchitecture, InvalidTokens, InvalidValue, UnknownName
from search_spaces._errors import nearest

__all__ = [
    "ChildrenFail",
    "DataCorrupt",
    "DataInvalid",
    "DataNotFound",
    "ExportDiffers",
    "InvalidArchitecture",
    "InvalidTokens",
    "InvalidValue",
    "NASError",
    "RunExists",
    "RunInUse",
    "StoreError",
    "TestSetSealed",
    "UnknownKeyword",
    "UnknownName",
    "unknown_keyword",
]


class UnknownKeyword(InvalidValue, TypeError):
    """A keyword argument that a function does not take.

    The message begins like Python's own, since libraries read it to find out what an environment
    takes: TorchRL tries ``frameskip``.
    """


def unknown_keyword(
    functions: Sequence[Callable[..., Any]], given: str, known: Iterable[str]
) -> UnknownKeyword:
    """Make the error for a keyword argument that a function does not take.

    Args:
        functions: Function that was called, and those to which it passes arguments on.
        given: Name of the argument.
        known: Further names that they take.

    Example:
        >>> raise unknown_keyword([unknown_keyword], "kno", [])
        Traceback (most recent call last):
        nas_env.errors.UnknownKeyword: unknown_keyword() got an unexpected keyword argument 'kno'; \
did you mean 'known'?
    """
    named = {
        parameter.name
        for function in functions
        for parameter in signature(function).parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD
    }
    words = f"{functions[0].__qualname__}() got an unexpected keyword argument {given!r}"
    return UnknownKeyword(f"{words}; {nearest(given, {*known, *named} - {'self', 'caller'})}")


class NASError(Exception):
    """The parent of the errors of the environment and of the search."""


class DataNotFound(NASError, FileNotFoundError):
    """A data set's files are not where they were looked for."""


class DataCorrupt(NASError):
    """A data set's file is not the published one."""


class DataInvalid(NASError):
    """A task's data cannot be read, or does not fit the task."""


class TestSetSealed(NASError):
    """The test split was asked for while a child was being evaluated."""

    __test__ = False  # not a test class of pytest's


class ExportDiffers(NASError):
    """Something that was exported of a network does not compute the same."""


class ChildrenFail(NASError):
    """The first children of a search all failed for the same reason, so that it was stopped."""


class StoreError(NASError):
    """The file of evaluations cannot be used."""


class RunExists(NASError):
    """A run's folder exists, and resuming it was not asked for."""


class RunInUse(NASError):
    """Another process holds the run's folder."""
