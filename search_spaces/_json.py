"""JSON as strictly as its standard says, and in any depth without harm."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def strict_json(text: str | bytes, *, nan: bool = False) -> Any:
    """Read JSON: no NaN or infinity, no key twice, no nesting that is too deep.

    Args:
        text: The text.
        nan: Whether NaN may stand there nevertheless, as in a table.

    Raises:
        ValueError: If the text is no such JSON; the message says what is wrong with it.

    Example:
        >>> strict_json('{"a": 1, "a": 2}')
        Traceback (most recent call last):
        ValueError: key 'a' stands twice
    """
    try:
        return json.loads(
            text,
            parse_constant=_nan if nan else _refuse,
            parse_float=_finite,
            object_pairs_hook=_unique,
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _nan(name: str) -> float:
    return math.nan if name == "NaN" else _refuse(name)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits} is too large for a number")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"key {key!r} stands twice")
        found[key] = value
    return found


def plain(value: Any) -> Any:
    """Turn tuples into lists, as JSON does."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
