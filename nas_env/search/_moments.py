"""Seconds and moments as a person reads them."""

from __future__ import annotations

from datetime import datetime, timedelta


def duration(seconds: float) -> str:
    """Return a length of time with two or three digits.

    Example:
        >>> [duration(seconds) for seconds in (0.0412, 4.12, 45.3, 2_700, 12_000, 200_000)]
        ['0.041 s', '4.1 s', '45 s', '45 min', '3 h 20 min', '2 days 7 h']
    """
    if seconds < 9.95:
        return f"{seconds:.2g} s"
    if seconds < 119.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24:,} days {hours % 24} h"


def moment(begin: datetime, seconds: float) -> str:
    """Return when something ends that takes so many seconds: the time, with its date if not today.

    Example:
        >>> begin = datetime(2026, 3, 2, 16, 55)
        >>> moment(begin, 2_700), moment(begin, 90_000)
        ('17:40', '17:55 on 3 March 2026')
    """
    try:
        end = begin + timedelta(seconds=seconds)
    except OverflowError:
        return "after the year 9999"
    date = "" if end.date() == begin.date() else f" on {end.day} {end:%B %Y}"
    return f"{end:%H:%M}{date}"
