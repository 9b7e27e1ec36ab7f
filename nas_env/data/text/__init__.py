"""A text of one's own as numbers: its files are read once, and workers map what is kept of them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from nas_env.data._telling import shown
from nas_env.data.text._kept import SPLITS, Numbering, Text, load, save
from nas_env.data.text._notes import notes
from nas_env.data.text._parts import divide, lines_of, repeated
from nas_env.data.text._source import Source, TextReading, fingerprint, read_source
from nas_env.data.text._symbols import by_characters, by_words, count, vocabulary
from nas_env.errors import DataInvalid

__all__ = [
    "Numbering",
    "Text",
    "TextReading",
    "check",
    "count",
    "notes",
    "opened",
    "prepare",
]

#: Symbols that a split needs: a step of 20 columns of 25, two rows of them, the least of all.
LEAST = {"train": 520, "validation": 40, "test": 8}


def prepare(reading: TextReading, numbering: Numbering) -> Text:
    """Return a text as numbers; its files are looked at, and read again if they have changed.

    Raises:
        DataNotFound: If nothing is there.
        DataInvalid: If it is no text, or too short.
        InvalidValue: If the splits that are asked for do not fit.
    """
    return _prepared(reading, numbering, fingerprint(reading))


def opened(reading: TextReading, numbering: Numbering, content: str) -> Text:
    """Return a text that is known by its content; its files are looked at only if they must be.

    Raises:
        DataInvalid: If it must be numbered again and its content is another now.
    """
    return _kept(content, numbering) or check(reading, numbering, content)


def check(reading: TextReading, numbering: Numbering, content: str) -> Text:
    """Return a text if its content is still the same.

    Raises:
        DataInvalid: If it is another.
    """
    found = prepare(reading, numbering)
    if found.content != content:
        raise DataInvalid(
            f"{shown(reading.path)} has changed: its content is {found.content}, that of the run "
            f"{content}; begin a new run, or give the text of before"
        )
    return found


@functools.lru_cache(maxsize=8)
def _prepared(reading: TextReading, numbering: Numbering, files: Any) -> Text:
    source = read_source(reading)
    kept = load(source.content, numbering) or _number(source, reading.path, numbering)
    return replace(kept, files=source.files, skipped=tuple(source.skipped.items()))


@functools.lru_cache(maxsize=8)
def _kept(content: str, numbering: Numbering) -> Text | None:
    return load(content, numbering)


def _number(source: Source, path: str, numbering: Numbering) -> Text:
    """Number a text, keep the numbers, and return what was kept."""
    unit, texts = numbering.unit, source.texts
    if numbering.lower:
        texts = {name: text.lower() for name, text in texts.items()}
    found = by_words(texts) if unit == "words" else by_characters(texts)
    parts = divide(found.numbers, asdict(numbering), unit)
    splits = {split: found.numbers[text][a:b] for split in SPLITS for text, a, b in [parts[split]]}
    _check_sizes(path, unit, {split: len(numbers) for split, numbers in splits.items()})
    known = vocabulary(found, unit, splits["train"], numbering.vocabulary)
    numbers = {split: known.table[each] for split, each in splits.items()}
    train, validation = (
        lines_of(texts[parts[s][0]], found.numbers[parts[s][0]], found.end, parts[s])
        for s in ("train", "validation")
    )
    facts = {
        "symbols": list(known.symbols),
        "different": known.different,
        "kept": known.kept,
        "unknown": int(np.count_nonzero(numbers["validation"] == 0)),
        "repeated": list(repeated(train, validation)),
        "given": [split for split in SPLITS if split in texts],
    }
    return save(source.content, numbering, numbers, facts)


def _check_sizes(path: str, unit: str, sizes: Mapping[str, int]) -> None:
    """Refuse a text that is too short to be trained and validated on."""
    if all(sizes[split] >= least for split, least in LEAST.items()):
        return
    has = ", ".join(f"{split} {sizes[split]:,}" for split in SPLITS)
    needs = ", ".join(f"{split} {least:,}" for split, least in LEAST.items())
    remedy = " or --task.unit characters" if unit == "words" else ""
    raise DataInvalid(
        f"{shown(path)} has {sum(sizes.values()):,} {unit} ({has}), expected at least {needs}: "
        f"give a longer text{remedy}"
    )
