"""Python's own manual, by words: real English that needs no download."""

from __future__ import annotations

import functools
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from nas_env.errors import DataNotFound
from nas_env.tasks._language import SHORT, LanguageTask, Split
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.recipe import Recipe

VOCABULARY = 1_000
UNKNOWN, END = "<unk>", "<eos>"  # a word that is none of the commonest; a paragraph's end
SHARE = 0.1  # of the text for validation, and for test
WORD = re.compile(r"[a-z]+|[0-9]|[^\sa-z0-9]")
RULE = re.compile(r"^[\s*=~^|+-]+$", re.MULTILINE)  # the line under a heading, or of a table


@dataclass(frozen=True)
class PythonDocs(LanguageTask):
    """The topics of Python's language reference, which every CPython has for ``help()``.

    About 70,000 words to train on, 8,500 to validate and as many to test; 1,000 different ones in
    small letters, one of them ``<unk>``. Each topic lies in one split as a whole, by a seeded
    order; a paragraph that several topics share is kept in the first alone. Another Python has
    another text, so a hash of it is part of the task's identity: evaluations of two Pythons are
    never mixed.

    Attributes:
        train_size: Words of the training text to keep, from its beginning; None for all.
        validation_size: Words of the validation text to keep, likewise; None for all.
    """

    version: ClassVar[int] = 0
    licence: ClassVar[str] = (
        "PSF License Version 2, code in the text also Zero-Clause BSD "
        "(https://docs.python.org/3/license.html)"
    )
    outputs: ClassVar[int] = VOCABULARY
    #: Seed of the order of the topics; part of the task's version.
    split_seed: ClassVar[int] = 0
    recipes: ClassVar[Mapping[str, Recipe]] = {
        "short": replace(SHORT, steps=20, learning_rate=0.01),
        "paper": LanguageRecipe(epochs=35),
    }
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "short"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "NAS-PyDocs-v0": {
            "space": {
                "name": "recurrent_cell",
                "parameters": 150_000,
                "cell_layers": 1,
                "dropout": 0.0,
                "init_range": 0.15,
            }
        }
    }

    @classmethod
    def identity(cls) -> dict[str, Any]:
        """Return the version, and a hash of this Python's text: empty where it has none."""
        return {"version": cls.version, "text": _hash()}

    def verify(self) -> None:
        """Check that this Python has its manual."""
        _topics()

    @property
    def checksums(self) -> Mapping[str, str]:
        """The beginning of the SHA-256 of the text."""
        return {"text": _hash()}

    def symbols(self) -> Sequence[str]:
        """Return the words in the order of their numbers."""
        return [*_vocabulary(self.split_seed)]

    def _read(self, split: Split) -> np.ndarray:
        return _numbered(self.split_seed)[split]


def _topics() -> dict[str, str]:
    try:
        from pydoc_data.topics import topics
    except ImportError:
        raise DataNotFound(
            "Python's manual not found: looked for the module pydoc_data.topics, which a complete "
            "CPython has; install it (some distributions pack it by itself)"
        ) from None
    return topics


@functools.cache
def _hash() -> str:
    try:
        text = "\0".join(f"{name}\0{text}" for name, text in sorted(_topics().items()))
    except DataNotFound:
        return ""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@functools.cache
def _numbered(seed: int) -> dict[Split, np.ndarray]:
    """Return the numbers of each split's words."""
    numbers = _vocabulary(seed)
    return {
        split: np.array([numbers.get(word, 0) for word in words], dtype=np.int64)
        for split, words in _splits(seed).items()
    }


@functools.cache
def _vocabulary(seed: int) -> dict[str, int]:
    """Return the commonest words of the training topics, each with its number, in order."""
    counts = Counter(_splits(seed)["train"])
    del counts[END]
    common = sorted(counts, key=lambda word: (-counts[word], word))[: VOCABULARY - 2]
    return {word: number for number, word in enumerate((UNKNOWN, END, *common))}


@functools.cache
def _splits(seed: int) -> dict[Split, list[str]]:
    """Return the words of each split."""
    return {
        split: [word for paragraph in paragraphs for word in _words(paragraph)]
        for split, paragraphs in divided(_topics(), seed).items()
    }


def _words(paragraph: str) -> list[str]:
    return [*WORD.findall(RULE.sub("", paragraph.lower())), END]


def divided(topics: Mapping[str, str], seed: int) -> dict[Split, list[str]]:
    """Return the paragraphs of each split: every topic in one split, no paragraph twice."""
    seen: set[str] = set()
    kept = {name: list(_fresh(topics[name].split("\n\n"), seen)) for name in sorted(topics)}
    sizes = {name: sum(map(len, paragraphs)) for name, paragraphs in kept.items()}
    share = SHARE * sum(sizes.values())
    room: dict[Split, float] = {"validation": share, "test": share}
    splits: dict[Split, list[str]] = {"train": [], "validation": [], "test": []}
    for index in np.random.default_rng(seed).permutation(len(kept)):
        name = sorted(kept)[index]
        fitting: list[Split] = [split for split, left in room.items() if sizes[name] <= left]
        for split in fitting[:1]:
            room[split] -= sizes[name]
        splits[fitting[0] if fitting else "train"] += kept[name]
    return splits


def _fresh(paragraphs: Iterable[str], seen: set[str]) -> Iterable[str]:
    """Yield the paragraphs that have not been seen yet, however they are indented."""
    for paragraph in paragraphs:
        plain = " ".join(paragraph.split())
        if plain and plain not in seen:
            seen.add(plain)
            yield paragraph
