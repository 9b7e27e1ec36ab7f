"""The numbers of a text, kept in two files of the data folder.

One has the numbers, which all processes map; a JSON file beside it says what they are, with a
checksum of them. Both are named by a hash of the text and of the settings by which it was numbered;
what is damaged counts as not there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nas_env.data.folder import data_folder
from nas_env.data.text._symbols import Unit
from nas_env.errors import InvalidValue, NASError
from nas_env.files import read_json, write_bytes, write_json

FORMAT = 1  # raised whenever a text would be numbered otherwise
LARGEST = 2**28  # bytes of a JSON file, which has all symbols
REMEDY = "set NAS_DATA to a folder that has room and can be written to"
SPLITS = ("train", "validation", "test")
FORM: Mapping[str, Any] = {
    "format": int,
    "kind": str,
    "sizes": [int],
    "symbols": [str],
    "different": int,
    "kept": int,
    "unknown": int,
    "repeated": [int],
    "given": [str],
    "checksum": str,
}


@dataclass(frozen=True)
class Numbering:
    """The settings by which a text becomes numbers: plain JSON values.

    Attributes:
        unit: What a symbol is.
        lower: Whether the text is made small letters.
        vocabulary: The most symbols that are told apart.
        validation: Share or number of symbols for validation, where no file is for it.
        test: Share or number of symbols for the test, where no file is for it.
    """

    unit: Unit
    lower: bool
    vocabulary: int
    validation: float
    test: float


@dataclass(frozen=True)
class Text:
    """A text as numbers; it is small, can be pickled and holds no open file.

    Attributes:
        content: Hash of the text, 16 hexadecimal digits.
        file: File of the numbers, split after split.
        kind: Type of the numbers.
        sizes: The number of symbols of each split.
        symbols: The symbols, in the order of their numbers; the first is ``<unk>``.
        different: The number of different symbols in the training text.
        kept: How many of these have a number of their own.
        unknown: The number of symbols of the validation text that are ``<unk>``.
        repeated: How many long lines of the validation text stand in the training text too, and
            how many long lines it has.
        given: The splits that have files of their own.
        files: The number of files; 0 where they have not been looked at.
        skipped: Reason for each file that was left out.
    """

    content: str
    file: Path
    kind: str
    sizes: Mapping[str, int]
    symbols: tuple[str, ...]
    different: int
    kept: int
    unknown: int
    repeated: tuple[int, int]
    given: tuple[str, ...]
    files: int = 0
    skipped: tuple[tuple[str, str], ...] = ()

    def numbers(self, split: str) -> np.ndarray:
        """Return the numbers of a split's symbols, mapped from the file: (n,).

        They are not to be written to; it would not reach the file.
        """
        before = sum(self.sizes[each] for each in SPLITS[: SPLITS.index(split)])
        whole = np.memmap(self.file, self.kind, mode="c", shape=sum(self.sizes.values()))
        return whole[before : before + self.sizes[split]]


def save(
    content: str, numbering: Numbering, numbers: Mapping[str, np.ndarray], facts: Mapping[str, Any]
) -> Text:
    """Keep the numbers of a text.

    Args:
        content: Hash of the text.
        numbering: How it was numbered.
        numbers: The numbers of each split, all of one type.
        facts: The fields of ``FORM`` that the numbers do not tell.

    Raises:
        NASError: If they cannot be written.
    """
    file = _file(content, numbering)
    data = np.concatenate([numbers[split] for split in SPLITS])
    written = data.tobytes()
    manifest = {
        "format": FORMAT,
        "kind": data.dtype.name,
        "sizes": [len(numbers[split]) for split in SPLITS],
        **facts,
        "checksum": hashlib.sha256(written).hexdigest(),
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(file, written)
        write_json(file.with_suffix(".json"), manifest)
    except OSError as error:
        raise NASError(f"{file.parent} cannot be made: {error.strerror}; {REMEDY}") from None
    except NASError as error:
        raise NASError(f"{error}; {REMEDY}") from None
    return _text(content, file, manifest)


def load(content: str, numbering: Numbering) -> Text | None:
    """Return what is kept of a text; None if nothing is, or it is damaged."""
    file = _file(content, numbering)
    try:
        manifest = read_json(file.with_suffix(".json"), FORM, most=LARGEST)
        with open(file, "rb") as numbers:
            checksum = hashlib.file_digest(numbers, "sha256").hexdigest()
    except (InvalidValue, OSError):
        return None
    same = manifest["format"] == FORMAT and manifest["checksum"] == checksum
    return _text(content, file, manifest) if same else None


def _text(content: str, file: Path, manifest: Mapping[str, Any]) -> Text:
    return Text(
        content,
        file,
        manifest["kind"],
        dict(zip(SPLITS, manifest["sizes"], strict=True)),
        tuple(manifest["symbols"]),
        manifest["different"],
        manifest["kept"],
        manifest["unknown"],
        (manifest["repeated"][0], manifest["repeated"][1]),
        tuple(manifest["given"]),
    )


def _file(content: str, numbering: Numbering) -> Path:
    """Return the file of a text's numbers."""
    asked = json.dumps([FORMAT, content, asdict(numbering)], sort_keys=True)
    name = f"{content}-{hashlib.sha256(asked.encode()).hexdigest()[:8]}"
    return data_folder() / "own-texts" / f"{name}.bin"
