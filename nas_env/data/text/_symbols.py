"""Texts made numbers: by words or by characters, the commonest of the training text first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nas_env.data._progress import bar

UNKNOWN, END = "<unk>", "<eos>"  # a symbol that is none of the commonest; a line's end
#: A word with its inner apostrophes and hyphens, or any other sign alone; and a line's end.
WORD = re.compile(r"<unk>|\w+(?:['’-]\w+)*|[^\w\s]|\n")
PIECE = 2**20  # characters or numbers that are worked on at once
CODES = 0x110000  # characters that there are
LINE = ord("\n")

Unit = Literal["words", "characters"]


@dataclass(frozen=True, eq=False)
class Symbols:
    """Texts as numbers of provisional symbols, which all the texts share.

    Attributes:
        numbers: Numbers of the symbols of each text, by its name: int32 (n,).
        count: Numbers that there are.
        name: Function from a number to its symbol.
        end: The number of a line's end.
    """

    numbers: Mapping[str, np.ndarray]
    count: int
    name: Callable[[int], str]
    end: int


def by_characters(texts: Mapping[str, str]) -> Symbols:
    """Return each text as the numbers that Unicode gives its characters."""
    encoded = {n: text.encode("utf-32-le", "surrogatepass") for n, text in texts.items()}
    numbers = {name: np.frombuffer(codes, np.int32) for name, codes in encoded.items()}
    return Symbols(numbers, CODES, chr, LINE)


def by_words(texts: Mapping[str, str]) -> Symbols:
    """Return each text as numbers of its words in the order of their first appearance.

    Example:
        >>> found = by_words({"": "The cat's mat - it is"})
        >>> [found.name(number) for number in found.numbers[""]]
        ['The', "cat's", 'mat', '-', 'it', 'is']
    """
    known = _Growing({"\n": 0, UNKNOWN: 1})
    numbers = {}
    with bar("numbering words, of characters", sum(map(len, texts.values()))) as told:
        for name, text in texts.items():
            numbers[name] = _without_blank_lines(_words(text, known, told))
    return Symbols(numbers, len(known), list(known).__getitem__, 0)


class _Growing(dict[str, int]):
    """Numbers of words; a word that has none gets the next."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def _words(text: str, known: _Growing, told: Callable[[int], None]) -> np.ndarray:
    """Return the numbers of a text's words and line ends, read piece by piece: int32 (n,)."""
    found, start = [], 0
    while start < len(text):
        end = text.find("\n", start + PIECE) + 1 or len(text)
        words = WORD.findall(text, start, end)
        found.append(np.fromiter(map(known.__getitem__, words), np.int32, len(words)))
        told(end - start)
        start = end
    return np.concatenate(found)


def _without_blank_lines(numbers: np.ndarray) -> np.ndarray:
    """Return the numbers without line ends that follow another, or that stand at the beginning."""
    before = np.concatenate([[0], numbers[:-1]])
    return numbers[(numbers != 0) | (before != 0)]


def vocabulary(symbols: Symbols, unit: Unit, train: np.ndarray, limit: int) -> Vocabulary:
    """Return the commonest symbols of a training text, by frequency, ties by alphabet."""
    counts = count(train, symbols.count)
    first = {UNKNOWN: -1}
    if unit == "words":
        first = {UNKNOWN: 1, END: symbols.end}
        counts[list(first.values())] = 0
    seen = np.flatnonzero(counts).tolist()
    seen.sort(key=lambda number: (-counts[number], symbols.name(number)))
    kept = seen[: limit - len(first)]
    outputs = len(first) + len(kept)
    table = np.zeros(symbols.count, _shortest(outputs))
    table[kept] = np.arange(len(first), outputs)
    if unit == "words":
        table[symbols.end] = 1
    ends = 1 if unit == "words" else 0
    different = {"different": len(seen) + ends, "kept": len(kept) + ends}
    return Vocabulary((*first, *map(symbols.name, kept)), table=table, **different)


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The symbols that a child knows.

    Attributes:
        symbols: The symbols, in the order of their numbers; the first is ``<unk>``.
        different: The number of different symbols in the training text.
        kept: How many of these have a number of their own.
        table: The number of each provisional symbol: (count,), as short as the numbers allow.
    """

    symbols: tuple[str, ...]
    different: int
    kept: int
    table: np.ndarray


def count(numbers: np.ndarray, outputs: int) -> np.ndarray:
    """Return how often an array has each number below ``outputs``: int64 (outputs,)."""
    total = np.zeros(outputs, np.int64)
    for start in range(0, len(numbers), PIECE):
        total += np.bincount(numbers[start : start + PIECE], minlength=outputs)
    return total


def _shortest(outputs: int) -> type[np.integer]:
    """Return the shortest type of numbers below ``outputs`` that torch computes with."""
    return np.uint8 if outputs <= 2**8 else np.int16 if outputs <= 2**15 else np.int32
