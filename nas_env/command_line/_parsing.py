"""Lets tyro parse a command line, and turns its complaints into one clear line."""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import re
from collections.abc import Sequence
from typing import Any

import tyro

from nas_env.errors import InvalidValue


def parse_all(whole: type, arguments: Sequence[str], program: str) -> Any:
    """Parse a command line into a dataclass.

    Args:
        whole: Dataclass of the command-line options.
        arguments: Arguments without the program's name.
        program: Name of the program.

    Raises:
        InvalidValue: If an argument is wrong; the message is one line.
        SystemExit: After ``--help``.
    """
    if {"-h", "--help"} & set(arguments):
        tyro.cli(whole, args=list(arguments), prog=program)
    _refuse_empty(arguments)
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint), _wide():
            values, unknown = tyro.cli(
                whole, args=list(arguments), return_unknown_args=True, prog=program
            )
    except SystemExit:
        raise InvalidValue(_one_line(complaint.getvalue())) from None
    if unknown:
        raise InvalidValue(_unknown(unknown[0], whole))
    return values


def _refuse_empty(arguments: Sequence[str]) -> None:
    """Refuse an empty value, as of a variable that is not set; as a path it would be this folder.

    Example:
        >>> _refuse_empty(["--children", "4", "--run", ""])
        Traceback (most recent call last):
        search_spaces._errors.InvalidValue: --run is '', expected a value
    """
    for place, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if not word:
            name = arguments[place - 1] if place else "the first argument"
        if not word or (name.startswith("--") and equals and not value):
            raise InvalidValue(f"{name} is '', expected a value")


@contextlib.contextmanager
def _wide() -> Any:
    """Pretend that the terminal is so wide that no message is wrapped."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "1000"
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before


def _one_line(box: str) -> str:
    """Return the message in a box that tyro printed: its first lines, up to the first rule."""
    message: list[str] = []
    for line in box.splitlines():
        text = line.strip("│╭╮╰╯ ")
        if line.startswith("╭"):
            continue
        if set(text) <= {"─"}:
            break
        message.append(text)
    # What a dataclass refuses comes with the name of a field of ours that nobody typed.
    return re.sub(r"^Error parsing (?!-)\S+: ", "", " ".join(message)) or "bad arguments"


def _unknown(argument: str, whole: type) -> str:
    """Name an unknown command-line option, and the nearest known one."""
    name = argument.partition("=")[0]
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit), _wide():
        tyro.cli(whole, args=["--help"])
    known = {word for word in text.getvalue().replace(",", " ").split() if word.startswith("--")}
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else "--help lists all"
    return f"unknown option {name}: {hint}" if name.startswith("-") else f"unexpected {name!r}"
