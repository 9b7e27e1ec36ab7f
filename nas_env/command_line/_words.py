"""Messages about the words of a command line: an empty value, an unknown option."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from nas_env.errors import InvalidValue


def refuse_empty(arguments: Sequence[str]) -> None:
    """Refuse an empty value, as of a variable that is not set; as a path it would be this folder.

    Example:
        >>> refuse_empty(["--children", "4", "--run", ""])
        Traceback (most recent call last):
        search_spaces._errors.InvalidValue: --run is '', expected a value
    """
    for place, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if not word:
            name = arguments[place - 1] if place else "the first argument"
        if not word or (name.startswith("--") and equals and not value):
            raise InvalidValue(f"{name} is '', expected a value")


def unknown_option(argument: str, known: Iterable[str]) -> str:
    """Return the message about an unknown word, with the nearest option.

    Example:
        >>> unknown_option("--sedes=3", ["--seeds", "--agents"])
        'unknown option --sedes: did you mean --seeds?'
    """
    name = argument.partition("=")[0]
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else "--help lists all"
    return f"unknown option {name}: {hint}" if name.startswith("-") else f"unexpected {name!r}"
