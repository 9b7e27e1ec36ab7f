"""The files of the Penn Treebank in Mikolov's preprocessing: found, counted, numbered."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import numpy as np

from nas_env.data.folder import data_folder
from nas_env.errors import DataCorrupt, DataNotFound
from nas_env.tasks._language import LanguageTask, Split

END = "<eos>"  # of each line


@dataclass(frozen=True)
class PennTreebankFiles(LanguageTask):
    """A task whose splits are three text files: symbols between blanks, a sentence a line."""

    licence: ClassVar[str] = (
        "LDC User Agreement for Non-Members (https://catalog.ldc.upenn.edu/LDC99T42); these "
        "preprocessed files state none of their own"
    )
    #: The file of each split.
    files: ClassVar[Mapping[Split, str]]
    #: Number of symbols of each split, with the ends of the lines.
    counts: ClassVar[Mapping[Split, int]]

    def verify(self) -> None:
        """Check that the three files are there, with as many symbols as the published ones."""
        folder = data_folder()
        missing = [name for name in self.files.values() if not (folder / name).is_file()]
        if missing:
            raise DataNotFound(
                f"Penn Treebank not found: looked in {folder} for {', '.join(missing)}; put "
                "Mikolov's preprocessed files (simple-examples.tgz) there under these names, "
                "or set NAS_DATA to their folder"
            )
        for split in self.files:
            self._read(split)

    @property
    def checksums(self) -> Mapping[str, str]:
        """The SHA-256 of each file."""
        folder = data_folder()
        return {n: sha256((folder / n).read_bytes()).hexdigest() for n in self.files.values()}

    def symbols(self) -> Sequence[str]:
        """Return the words or characters in the order of their numbers."""
        return [*_vocabulary(data_folder() / self.files["train"])]

    def _read(self, split: Split) -> np.ndarray:
        path = data_folder() / self.files[split]
        try:
            symbols = _numbered(path, data_folder() / self.files["train"])
        except OSError as error:
            raise DataNotFound(f"Penn Treebank: {path}: {error.strerror}") from None
        except (KeyError, UnicodeError) as error:
            raise DataCorrupt(f"{path} is corrupt: {error}, not in the training text") from None
        if len(symbols) != self.counts[split]:
            raise DataCorrupt(
                f"{path} is not the published file: it has {len(symbols):,} symbols, "
                f"expected {self.counts[split]:,}"
            )
        if (found := len(_vocabulary(data_folder() / self.files["train"]))) != self.outputs:
            raise DataCorrupt(
                f"{path} is not the published file: the training text has {found:,} different "
                f"symbols, expected {self.outputs:,}"
            )
        return symbols


@functools.lru_cache(maxsize=6)
def _numbered(path: Path, train: Path) -> np.ndarray:
    """Return the numbers of a file's symbols: int64 (n,), not to be written to."""
    numbers = _vocabulary(train)
    return np.array([numbers[symbol] for symbol in _symbols(path)], dtype=np.int64)


@functools.lru_cache(maxsize=2)
def _vocabulary(train: Path) -> dict[str, int]:
    """Return each different symbol of the training text with its number, in alphabetical order."""
    return {symbol: number for number, symbol in enumerate(sorted(set(_symbols(train))))}


def _symbols(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").replace("\n", f" {END} ").split()
