"""A configuration in a file, ``--config``: a run's own, or a part of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nas_env.errors import InvalidValue, UnknownName
from nas_env.files import check_form, read_json
from nas_env.parts import on_top

#: What must have a certain type before it can be looked into; the rest is checked by dataclasses.
SPEC = (str, dict)
FORM = {"env": str, "agent": SPEC, "make": dict, "depth": dict, "store": (str, type(None))}
MAKE = dict.fromkeys(("task", "space", "objective", "recipe", "evaluator"), SPEC) | {"device": str}


def read_config(path: Path, settings: Iterable[str], keywords: Iterable[str]) -> dict[str, Any]:
    """Read a file of configuration; its values are checked when they are used.

    Args:
        path: File of JSON: a run's ``config.json``, or any part of it.
        settings: Settings that it may have.
        keywords: Keywords of the environment that it may have under ``make``.

    Raises:
        InvalidValue: If it cannot be read, or has an unknown name; the message names the file.
    """
    config = read_json(path, {})
    try:
        _check_present(config, FORM)
        _check_present(config.get("make", {}), MAKE, "make.")
        _refuse_unknown("setting", config, {*settings, "id"})
        _refuse_unknown("keyword of make", config.get("make", {}), set(keywords))
    except InvalidValue as error:
        raise InvalidValue(f"{path}: {error}") from None
    if isinstance(recipe := config.get("make", {}).get("recipe"), str):
        config["make"]["recipe"] = {"preset": recipe}
    return {name: value for name, value in config.items() if name != "id"}


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with another, or a part of one, on top.

    Example:
        >>> merged({"seed": 1, "make": {"task": {"name": "digits", "seed": 2}}}, {
        ...     "make": {"task": {"train_size": 9}}})
        {'seed': 1, 'make': {'task': {'name': 'digits', 'seed': 2, 'train_size': 9}}}
    """
    changed = dict(above)
    for name in {"agent", "depth"} & set(above) & set(below):
        changed[name] = on_top(below[name], above[name])
    if "make" in above and "make" in below:
        make = dict(above["make"])
        for name in set(make) & set(below["make"]):
            make[name] = on_top(below["make"][name], make[name])
        changed["make"] = {**below["make"], **make}
    return {**below, **changed}


def _check_present(values: Mapping[str, Any], form: Mapping[str, Any], where: str = "") -> None:
    """Check the form of what is there."""
    check_form(values, {name: kind for name, kind in form.items() if name in values}, where)


def _refuse_unknown(what: str, values: Mapping[str, Any], known: set[str]) -> None:
    for name in values:
        if name not in known:
            raise UnknownName(what, name, known)
