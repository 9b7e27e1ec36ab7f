"""Lets tyro parse a command line, and turns its complaints into one clear line."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Sequence
from typing import Any

import tyro

from nas_env.command_line._tab import print_completion
from nas_env.command_line._words import refuse_empty, unknown_option
from nas_env.errors import InvalidValue


def parse_all(whole: type, arguments: Sequence[str], program: str) -> Any:
    """Parse a command line into a dataclass.

    Args:
        whole: Dataclass of the command-line options.
        arguments: Arguments without the program's name.
        program: Name of the program.

    Raises:
        InvalidValue: If an argument is wrong; the message is one line.
        SystemExit: After ``--help`` and ``--print-completion``.
    """
    print_completion(arguments)
    if {"-h", "--help"} & set(arguments):
        tyro.cli(whole, args=list(arguments), prog=program)
    refuse_empty(arguments)
    values, others = parse_known(whole, arguments, program)
    if others:
        raise InvalidValue(unknown(others[0], whole))
    return values


def parse_known(whole: type, arguments: Sequence[str], program: str) -> tuple[Any, list[str]]:
    """Parse the arguments that are known; return the values, and the other arguments.

    Raises:
        InvalidValue: If the value of one is wrong; the message is one line.
    """
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint), _wide():
            return tyro.cli(whole, args=list(arguments), return_unknown_args=True, prog=program)
    except SystemExit:
        raise InvalidValue(_one_line(complaint.getvalue())) from None


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


def unknown(argument: str, whole: type) -> str:
    """Name an unknown command-line option, and the nearest known one."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit), _wide():
        tyro.cli(whole, args=["--help"])
    words = text.getvalue().replace(",", " ").split()
    return unknown_option(argument, {word for word in words if word.startswith("--")})
