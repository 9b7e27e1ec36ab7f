"""The errors that a user of the environment may meet; each is one clear line."""

from __future__ import annotations

from search_spaces import InvalidArchitecture, InvalidTokens, InvalidValue, UnknownName

__all__ = [
    "DataCorrupt",
    "DataInvalid",
    "DataNotFound",
    "InvalidArchitecture",
    "InvalidTokens",
    "InvalidValue",
    "NASError",
    "RunExists",
    "RunInUse",
    "StoreError",
    "TestSetSealed",
    "UnknownName",
]


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


class StoreError(NASError):
    """The file of evaluations cannot be used."""


class RunExists(NASError):
    """A run's folder exists, and resuming it was not asked for."""


class RunInUse(NASError):
    """Another process holds the run's folder."""
