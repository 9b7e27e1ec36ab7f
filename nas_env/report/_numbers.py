"""Numbers as the page has them: short in its data, readable in its text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from nas_env.metrics import Metric

DIGITS = 6  # of a number in the page's data
UNITS = ((1, "seconds"), (60, "minutes"), (3600, "hours"))


def short(values: Iterable[float]) -> list[float | int | None]:
    """Return numbers for JSON, to six digits; None for those that are not finite.

    Example:
        >>> short([0.123456789, float("nan"), 5.0])
        [0.123457, None, 5]
    """
    return [_short(float(value)) for value in values]


def _short(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 1e15 else float(f"{value:.{DIGITS}g}")


def shown(metric: Metric, value: float | None) -> str:
    """Return a value of a metric as text; a share is in percent.

    Example:
        >>> from nas_env.metrics import VALIDATION_ACCURACY, VALIDATION_PERPLEXITY
        >>> shown(VALIDATION_ACCURACY, 0.97416), shown(VALIDATION_PERPLEXITY, 103.456)
        ('97.42%', '103.46')
    """
    if value is None or not math.isfinite(value):
        return "–"
    return f"{100 * value:.2f}%" if metric.is_share else plain(value)


def plain(value: Any) -> str:
    """Return a value as text: numbers to four digits, thousands with commas.

    Example:
        >>> plain(1234567), plain(0.00012345), plain(1234.5), plain(True), plain(None)
        ('1,234,567', '0.0001234', '1,234.50', 'yes', '–')
    """
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}" if 10 <= abs(value) < 1e9 else f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value)) or "none"
    return str(value)


def duration(seconds: float | None) -> str:
    """Return a time as a person says it.

    Example:
        >>> duration(0.25), duration(83), duration(5025)
        ('0.25 s', '1 min 23 s', '1 h 23 min')
    """
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.3g} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{int(seconds // 3600):,} h {int(seconds % 3600 // 60)} min"


def unit(seconds: float) -> tuple[int, str]:
    """Return the seconds of the unit in which a time is easiest to read, and its name.

    Example:
        >>> unit(30), unit(400), unit(20_000)
        ((1, 'seconds'), (60, 'minutes'), (3600, 'hours'))
    """
    size, name = [each for each in UNITS if each[0] * 3 <= max(seconds, 3)][-1]
    return size, name
