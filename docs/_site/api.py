"""The API reference: a page per package, with what its public modules hold.

A class or a function is documented once: in the shortest public module that exports it.
"""

import importlib
import inspect
import pkgutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from _site import rst

PACKAGES = ("search_spaces", "agents", "nas_env")
#: Packages whose modules are members, each with a page in the catalogue.
CATALOGUES = {
    "agents",
    "search_spaces",
    "nas_env.tasks",
    "nas_env.objectives",
    "nas_env.evaluation",
    "nas_env.tracking",
}
#: What is used by command lines alone, which have pages and ``--help``, and what reads files.
LEFT_OUT = {"nas_env.command_line", "nas_env.data"}


def pages() -> dict[str, str]:
    """Return the pages by name."""
    held = homes()
    found = {}
    for name in chapters():
        modules = [m for m in held if m == name or m.startswith(f"{name}.")]
        if name in PACKAGES:
            modules = [name]
        if modules := [m for m in modules if held[m]]:
            sections = (_section(m, held[m], m == name) for m in modules)
            found[name] = "\n".join(
                sections if modules[0] == name else [_section(name, [], True), *sections]
            )
    return {"index": _index(found), **found}


def _index(found: Iterable[str]) -> str:
    rows = [(f":doc:`{name}`", _summary(name)) for name in found]
    text = (
        "Whatever has a name without an underscore is public; :doc:`the changelog </CHANGELOG>` "
        "tells what changes of it. A class or a function is documented where it should be "
        "imported from. The members of the catalogues have :doc:`pages of their own "
        "</docs/catalogue/index>`.\n"
    )
    contents = rst.contents(found).replace("depth: 1", "depth: 1\n   :hidden:")
    return "\n".join(
        [rst.heading("API reference"), text, rst.table(("module", "what"), rows), contents]
    )


def _section(name: str, names: list[str], first: bool) -> str:
    return f"{rst.heading(name, '=' if first else '-')}\n{_documented(name, names)}"


def module(name: str) -> str:
    """Return the description of a module and of all that it exports."""
    return _documented(name, list(_exported(importlib.import_module(name))))


def _documented(name: str, names: list[str]) -> str:
    there = vars(importlib.import_module(name))
    text = f".. automodule:: {name}\n"
    if at_once := [each for each in names if each in there]:
        text += f"   :members: {', '.join(at_once)}\n"
    for each in names:
        if each not in there:  # imported when it is first asked for
            text += f"\n.. autoclass:: {name}.{each}\n   :members:\n"
    return text


def chapters() -> Iterator[str]:
    """Yield the modules that have a page of their own."""
    for package in PACKAGES:
        yield package
        if package not in CATALOGUES:
            yield from (name for name in _below(package) if name not in LEFT_OUT)


@cache
def homes() -> dict[str, list[str]]:
    """Return the public modules, each with the names that are documented there."""
    modules = {name: importlib.import_module(name) for name in _modules()}
    best: dict[Any, tuple[Any, ...]] = {}
    for name, module in modules.items():
        for exported in _exported(module):
            found = getattr(module, exported)
            elsewhere = found.__module__.partition(".")[0] != name.partition(".")[0]
            best[found] = min(
                best.get(found, (True, 9)), (elsewhere, name.count("."), name, exported)
            )
    held: dict[str, list[str]] = defaultdict(list, {name: [] for name in modules})
    for *_, module, exported in best.values():
        held[module].append(exported)
    return held


def _modules() -> Iterator[str]:
    for package in PACKAGES:
        yield package
        yield from _all_below(package)


def _all_below(name: str) -> Iterator[str]:
    if name not in CATALOGUES:
        for module in _below(name):
            if module not in LEFT_OUT:
                yield module
                yield from _all_below(module)


def _below(name: str) -> Iterator[str]:
    """Yield the public modules that lie directly in a package."""
    path = getattr(importlib.import_module(name), "__path__", ())
    for module in pkgutil.iter_modules(path):
        if not module.name.startswith("_"):
            yield f"{name}.{module.name}"


def _exported(module: ModuleType) -> Iterator[str]:
    """Yield the names of a module's classes and functions that are public and ours."""
    listed = getattr(module, "__all__", None)
    for name in listed or vars(module):
        value = getattr(module, name, None)
        ours = inspect.isclass(value) or inspect.isfunction(value)
        if ours and not name.startswith("_") and (listed or value.__module__ == module.__name__):
            yield name


def _summary(name: str) -> str:
    return (importlib.import_module(name).__doc__ or "").strip().partition("\n")[0]
