"""The words of a command line: those that decide, and messages about an empty or unknown one."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence

from nas_env.errors import InvalidValue


def with_run(line: Sequence[str]) -> list[str]:
    """Return a command line whose first word may be the name of a run, with the option before it.

    Example:
        >>> with_run(["runs/digits", "--quiet"])
        ['--run', 'runs/digits', '--quiet']
    """
    return first_as("--run", line)


def first_as(option: str, line: Sequence[str]) -> list[str]:
    """Return a command line whose first words may be the values of an option, with its name."""
    return [option, *line] if line and not line[0].startswith("-") else list(line)


def first_values(words: Sequence[str], names: Iterable[str]) -> argparse.Namespace:
    """Return the values of some options, which decide what further options there are.

    Example:
        >>> first_values(["--run", "runs/digits", "--recipe.epochs", "3"], ["run", "recipe"])
        Namespace(run='runs/digits', recipe=None)
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for name in names:
        parser.add_argument(f"--{name}", nargs="?")
    return parser.parse_known_args(words)[0]


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
