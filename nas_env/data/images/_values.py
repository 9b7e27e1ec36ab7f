"""The numbers that stand for black and white, where pixels are not bytes."""

from __future__ import annotations

from nas_env.data.images.decode import slack
from nas_env.errors import DataInvalid

#: Usual ranges, the narrowest first; images use at least half of theirs.
FLOATS = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
WHOLE = ((0.0, 1.0), (0.0, 255.0), (0.0, 65_535.0))


def span(what: str, low: float, high: float, whole: bool) -> tuple[float, float]:
    """Return the numbers of black and white, by the lowest and highest number of the images.

    Args:
        what: What has the numbers, for messages.
        low: Lowest number.
        high: Highest number.
        whole: Whether the numbers are integers.

    Raises:
        DataInvalid: If no usual range is meant; the message has the option that settles it.

    Example:
        >>> span("images", 0.0, 0.98, False), span("images", 3, 60_000, True)
        ((0.0, 1.0), (0.0, 65535.0))
    """
    for black, white in WHOLE if whole else FLOATS:
        if black - slack(black, white) <= low and high <= white + slack(black, white):
            half = (white - black) / 2
            if high >= black + half and (black == 0 or low <= black + half / 2):
                return black, white
            break
    usual = "0 to 255 or 0 to 65,535" if whole else "0 to 1, -1 to 1 or 0 to 255"
    raise DataInvalid(
        f"{what} have values from {low:g} to {high:g}, expected most of {usual}: set "
        f"--task.range LOW HIGH to those of black and white, as --task.range {low:g} {high:g}"
    )
