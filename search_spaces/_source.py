"""The source of a network: texts of which a file of PyTorch alone is made, in ruff's format."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

WIDTH = 88  # columns, ruff's and black's own default


class Normalisation(NamedTuple):
    """The settings of a network's batch normalisation; the defaults are those of torch."""

    epsilon: float = 1e-5
    momentum: float | None = 0.1

    @property
    def arguments(self) -> str:
        """The arguments of ``nn.BatchNorm2d`` after its channels, as far as they are not usual.

        Example:
            >>> Normalisation().arguments, Normalisation(0.001).arguments
            ('', ', eps=0.001')
        """
        epsilon = f", eps={self.epsilon!r}" if self.epsilon != USUAL.epsilon else ""
        other = self.momentum != USUAL.momentum
        return epsilon + (f", momentum={self.momentum!r}" if other else "")


USUAL = Normalisation()


class Source(NamedTuple):
    """The parts of the source that differ from network to network.

    Attributes:
        summary: What the network is, in one line without a full stop.
        imports: Lines of import beside those of ``torch``, ``Tensor`` and ``nn``, sorted.
        definitions: Functions and classes, among them ``Network``, whose ``__init__`` takes the
            number of ``outputs``, with two empty lines between them.
        example: Arguments of a call of ``network``, as expressions.
        parts: The parts whose outputs' shapes are of interest: the title, and an expression for
            the module, in which ``network`` is the network. The last is the linear layer that
            gives the logits.
    """

    summary: str
    imports: Sequence[str]
    definitions: str
    example: Sequence[str]
    parts: Sequence[tuple[str, str]]


def call(before: str, items: Iterable[str], after: str, indent: int = 0) -> str:
    """Return items between two texts: on one line, or an item a line where that is too long.

    Example:
        >>> call("x = join(", ["a", "b"], ")", indent=4)
        '    x = join(a, b)'
    """
    space, items = " " * indent, list(items)
    line = f"{space}{before}{', '.join(items)}{after}"
    if len(line) <= WIDTH:
        return line
    return "\n".join(
        [f"{space}{before}", *(f"{space}    {item}," for item in items), space + after]
    )


def comment(text: str, indent: int = 0) -> str:
    """Return a text as lines of comment.

    Example:
        >>> comment("layer 1: 3x3", indent=4)
        '    # layer 1: 3x3'
    """
    start = " " * indent + "# "
    return textwrap.fill(text, WIDTH, initial_indent=start, subsequent_indent=start + "  ")


def listed(items: Iterable[object]) -> str:
    """Return items as a sentence lists them.

    Example:
        >>> listed([1, 2, 4]), listed([3])
        ('1, 2 and 4', '3')
    """
    *others, last = map(str, items)
    return f"{', '.join(others)} and {last}" if others else last


def block(text: str) -> str:
    """Return a text without the indentation that it has in the source of ours."""
    return textwrap.dedent(text).strip("\n")
