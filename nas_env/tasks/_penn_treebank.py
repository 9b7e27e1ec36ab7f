"""The files of the Penn Treebank in Mikolov's preprocessing: found, counted, numbered."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from nas_env.errors import DataCorrupt, DataNotFound
from nas_env.tasks._base import data_folder
from nas_env.tasks._language import LanguageTask, Split

END = "<eos>"  # of each line


@dataclass(frozen=True)
class PennTreebankFiles(LanguageTask):
    """A task whose splits are three text files, tokens between blanks, a sentence a line."""

    #: The file of each split.
    files: ClassVar[Mapping[Split, str]]
    #: Tokens of each split, the ends of the lines among them.
    counts: ClassVar[Mapping[Split, int]]

    def verify(self) -> None:
        """Check that the three files are there, with as many tokens as the published ones."""
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

    def _read(self, split: Split) -> np.ndarray:
        path = data_folder() / self.files[split]
        try:
            tokens = _numbered(path, data_folder() / self.files["train"])
        except OSError as error:
            raise DataNotFound(f"Penn Treebank: {path}: {error.strerror}") from None
        except (KeyError, UnicodeError) as error:
            raise DataCorrupt(f"{path} is corrupt: {error}, not in the training text") from None
        if len(tokens) != self.counts[split]:
            raise DataCorrupt(
                f"{path} is not the published file: it has {len(tokens):,} tokens, "
                f"expected {self.counts[split]:,}"
            )
        if (types := len(_vocabulary(data_folder() / self.files["train"]))) != self.outputs:
            raise DataCorrupt(
                f"{path} is not the published file: the training text has {types:,} types, "
                f"expected {self.outputs:,}"
            )
        return tokens


@functools.lru_cache(maxsize=6)
def _numbered(path: Path, train: Path) -> np.ndarray:
    """The numbers of a file's tokens: int64 (n,), not to be written to."""
    numbers = _vocabulary(train)
    return np.array([numbers[token] for token in _tokens(path)], dtype=np.int64)


@functools.lru_cache(maxsize=2)
def _vocabulary(train: Path) -> dict[str, int]:
    """Each type of the training text with its number, in alphabetical order."""
    return {token: number for number, token in enumerate(sorted(set(_tokens(train))))}


def _tokens(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").replace("\n", f" {END} ").split()
