"""The error of a broken contract, and the functions that raise it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import torch

from nas_env.errors import DataNotFound

LONGEST = 400  # characters of a value in a message


class Case(ABC):
    """A member under test, prepared for checks."""

    @property
    @abstractmethod
    def title(self) -> str:
        """The name of the member in messages, usually that of its class."""

    def method(self, name: str) -> str:
        """Return a method's name with that of the member."""
        return f"{self.title}.{name}"


AnyCase = TypeVar("AnyCase", bound=Case)


class ContractBroken(AssertionError):
    """A member breaks its contract; the message says what was expected of which method."""


def expect(kept: Any, method: str, expected: str, got: object = "something else") -> None:
    """Raise the error of a broken contract, unless it is kept.

    Args:
        kept: Whether the contract is kept.
        method: Method or attribute that is at fault, with its class.
        expected: What was expected of it.
        got: What was found instead.

    Raises:
        ContractBroken: If the contract is not kept.

    Example:
        >>> expect(2 < 1, "Space.length", "at least 1 decision", 0)
        Traceback (most recent call last):
        nas_env.testing._broken.ContractBroken: Space.length: expected at least 1 decision, got 0
    """
    if not kept:
        shown = got if isinstance(got, str) else repr(got)
        raise ContractBroken(f"{method}: expected {_line(expected)}, got {_line(shown)}")


def expect_refusal(
    call: Callable[[], object], error: type[Exception], method: str, given: str
) -> None:
    """Call what should refuse its arguments, by a typed error with one line for its text.

    Args:
        call: The call.
        error: Type of the error that it should raise.
        method: Method that is called, with its class.
        given: The bad argument, in words.

    Raises:
        ContractBroken: If it raises nothing, another error, or a text of several lines.
    """
    expected = f"{error.__name__} for {given}"
    try:
        answer = call()
    except error as refusal:
        text = str(refusal)
        expect(text and "\n" not in text, method, f"{expected} with one line of text", repr(text))
        return
    except Exception as other:
        raise ContractBroken(f"{method}: expected {expected}, got {_line(repr(other))}") from other
    raise ContractBroken(f"{method}: expected {expected}, got the answer {_line(repr(answer))}")


def _line(text: str) -> str:
    """Return a text as one line of at most a few hundred characters."""
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST]} …"


def run_checks(checks: Iterable[Callable[[AnyCase], None]], case: AnyCase) -> None:
    """Run checks one after the other on one thread of torch's, until one raises an error.

    Args:
        checks: Functions; the docstring of each says what is expected.
        case: The member, prepared for them.

    Raises:
        ContractBroken: If a check finds a fault, or the member's code raises an error in it.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # networks of a few units are slower on several
    try:
        for check in checks:
            _run(check, case)
    finally:
        torch.set_num_threads(threads)


def _run(check: Callable[[AnyCase], None], case: AnyCase) -> None:
    try:
        check(case)
    except (ContractBroken, DataNotFound):
        raise
    except Exception as error:
        expected = str(check.__doc__).partition("\n")[0].rstrip(".")
        found = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise ContractBroken(
            f"{case.title}, {check.__name__} ({expected}): expected no error, got {found}"
        ) from error
