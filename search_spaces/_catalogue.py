"""Catalogues: one file or one folder per member, found by themselves.

A catalogue is a package. Every module of it whose name does not start with an underscore is a
member, and holds exactly one class that the catalogue's base class is a parent of. A member of
several files is a folder, whose ``__init__.py`` holds the class. A member outside the repository
is named ``package.module:NAME``.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any, TypeVar

from search_spaces._errors import InvalidValue, UnknownName

Member = TypeVar("Member")


def names(package: str) -> tuple[str, ...]:
    """The members that ship with the package, sorted.

    Example:
        >>> "convolutional" in names("search_spaces")
        True
    """
    path = importlib.import_module(package).__path__
    return tuple(sorted(m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_")))


def resolve(reference: str, base: type | None = None) -> Any:
    """Return the object behind ``package.module:NAME``.

    Args:
        reference: Where it is.
        base: The class that it should be a subclass of; a wrong name is answered by the names of
            such classes, or by all public ones.

    Raises:
        InvalidValue: If the module cannot be imported or has no such name.
    """
    module_name, _, attribute = reference.partition(":")
    try:
        module = importlib.import_module(module_name)
    except (ImportError, TypeError, ValueError) as error:  # no module, a relative one, an empty one
        raise InvalidValue(f"cannot import {module_name!r} of {reference!r}: {error}") from None
    try:
        return getattr(module, attribute)
    except AttributeError:
        what = "name" if base is None else _what(base)
        public = [name for name in vars(module) if not name.startswith("_")]
        known = public if base is None else _members(module, base)
        raise UnknownName(f"{what} in {module_name}", attribute, known) from None


def load(package: str, name: str, base: type[Member]) -> type[Member]:
    """The class of one member, by the name of its file or folder, or as ``package.module:NAME``.

    Raises:
        UnknownName: If there is no such member.
        InvalidValue: If what was named is not a member's class.
    """
    if ":" in name:
        member = resolve(name, base)
        if not (isinstance(member, type) and issubclass(member, base)):
            module = importlib.import_module(name.partition(":")[0])
            found = ", ".join(_members(module, base)) or "none"
            raise InvalidValue(
                f"{name!r} is not a subclass of {base.__name__}, the module has {found}"
            )
        return member
    if name not in names(package):
        raise UnknownName(_what(base), name, names(package))
    module = importlib.import_module(f"{package}.{name}")
    return _only_member(module, base)


def name_of(member: type, package: str) -> str:
    """The name by which :func:`load` finds a member's class again."""
    home, _, module = member.__module__.rpartition(".")
    return module if home == package else f"{member.__module__}:{member.__qualname__}"


def _only_member(module: ModuleType, base: type[Member]) -> type[Member]:
    members = _members(module, base)
    if len(members) != 1:
        found = ", ".join(members) or "none"
        raise InvalidValue(
            f"{module.__name__} must define one subclass of {base.__name__}, found {found}"
        )
    return next(iter(members.values()))


def _members(module: ModuleType, base: type[Member]) -> dict[str, type[Member]]:
    """Return the classes that a module defines as subclasses of another, by their names."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, base)
        and value.__module__ == module.__name__
    }


def _what(base: type) -> str:
    """``SearchSpace`` -> ``search space``."""
    return "".join(" " + c.lower() if c.isupper() else c for c in base.__name__).strip()
