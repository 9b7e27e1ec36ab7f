"""A text of one's own: a file or a folder of files, by words or by characters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch

from nas_env.data import text as texts
from nas_env.errors import InvalidValue
from nas_env.tasks._base import LAST_EPOCHS
from nas_env.tasks._language import LanguageTask, Split
from nas_env.tasks._text_size import TextSize
from nas_env.tasks.penn_treebank_characters import PennTreebankCharacters
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.recipe import Recipe
from search_spaces._settings import above, at_least, at_most

MARGIN = "validation_loss_margin"  # nats, half of a 95% interval
#: The size that is taken where no text is given yet, as for ``--help``.
TYPICAL = TextSize(train=80_000, validation=10_000, outputs=10_000)


@dataclass(frozen=True)
class OwnText(LanguageTask):
    """A text of one's own: a file, or the ``.txt`` files of a folder in the order of their names.

    Files named ``train.txt``, ``valid.txt`` and ``test.txt`` are the splits, also with a prefix
    (``ptb.train.txt``). Without them the last tenth of the symbols is the test, the tenth before it
    for validation. Symbols are numbered by their frequency in the training text, the rarer ones
    are ``<unk>``; each line of words ends in ``<eos>``, and blank lines are skipped.

    Attributes:
        path: File, or folder of ``.txt`` files.
        unit: Symbols: ``words`` (other signs are symbols too), or ``characters``.
        lower: Take capital letters for small ones.
        vocabulary: Different symbols at most; all others are one, ``<unk>``.
        validation: Share of the symbols for validation, or their number, if no file is for it.
        test: Share of the symbols for the test, or their number, if no file is for it.
        encoding: Encoding of the files, by a name that Python knows.
        splits: ``files``: files are the splits by their names, others are left out; ``position``:
            all are one text; ``auto``: the first if all have such a name.
        skip_broken: Leave out files of a folder that cannot be used.
        content: Hash of the text; found where it is not given.
        train_size: Symbols of the training text to keep, from its beginning; None for all.
        validation_size: Symbols of the validation text to keep, likewise; None for all.
        licence: Licence of the text, for the model card of a network; not stated if empty.
    """

    path: str = ""
    unit: Literal["words", "characters"] = "words"
    lower: bool = False
    vocabulary: int = 10_000
    validation: float = 0.1
    test: float = 0.1
    encoding: str = "utf-8"
    splits: Literal["auto", "files", "position"] = "auto"
    skip_broken: bool = False
    content: str | None = None
    licence: str = ""  # type: ignore[override]

    version: ClassVar[int] = 0
    margins: ClassVar[bool] = True
    content_setting: ClassVar[str | None] = "content"
    told: ClassVar[frozenset[str]] = frozenset({"licence"})
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "short"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {"NAS-Text-v0": {}}

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, vocabulary=4)
        at_most(self, vocabulary=500_000)
        above(self, validation=0, test=0)
        for name, value in (("validation", self.validation), ("test", self.test)):
            if value > 1 and value != int(value):
                raise InvalidValue(f"{name} is {value}, expected a share below 1 or a whole number")
            if value == 1:
                raise InvalidValue(f"{name} is 1, expected a share below 1, or a number of symbols")

    # -- the data --------------------------------------------------------------------------------
    @property
    def source(self) -> Mapping[str, Any]:
        """Path, encoding, and which files are taken."""
        return {
            "path": self.path,
            "encoding": self.encoding,
            "splits": self.splits,
            "skip_broken": self.skip_broken,
        }

    @property
    def _reading(self) -> texts.TextReading:
        return texts.TextReading(self.path, self.encoding, self.splits, self.skip_broken)

    @property
    def _numbering(self) -> texts.Numbering:
        return texts.Numbering(self.unit, self.lower, self.vocabulary, self.validation, self.test)

    @property
    def _text(self) -> texts.Text:
        """The text as numbers, known by its content if that is settled."""
        if self.content is None:
            return texts.prepare(self._reading, self._numbering)
        return texts.opened(self._reading, self._numbering, self.content)

    def settled(self) -> Self:
        """Return the task with its content, read and numbered, and with the whole path."""
        if self.content is not None:
            return self
        found = texts.prepare(self._reading, self._numbering)
        return replace(self, path=self._reading.path, content=found.content)

    def verify(self) -> None:
        """Check that the text is there, and has not changed where its content is settled."""
        if self.content is None:
            texts.prepare(self._reading, self._numbering)
        else:
            texts.check(self._reading, self._numbering, self.content)

    def _read(self, split: Split) -> np.ndarray:
        return self._text.numbers(split).astype(np.int64)

    def _first(self, split: Split, size: int | None) -> torch.Tensor:
        numbers = self._text.numbers(split)
        if size is not None and size > len(numbers):
            raise InvalidValue(f"{split}_size is {size}, expected at most {len(numbers):,}")
        return torch.from_numpy(numbers[:size])

    def symbols(self) -> Sequence[str]:
        """Return the words or characters in the order of their numbers."""
        return self._text.symbols

    # -- what follows from it --------------------------------------------------------------------
    @property
    def outputs(self) -> int:  # type: ignore[override]
        """The number of different symbols, ``<unk>`` among them."""
        return self._size.outputs

    @property
    def of_characters(self) -> bool:  # type: ignore[override]
        """True if the text is read by characters."""
        return self.unit == "characters"

    @property
    def objective(self) -> str | Mapping[str, Any]:  # type: ignore[override]
        """One over the square of the perplexity; for words, which have larger ones, 80 times it."""
        return {"name": "inverse_square", **({"scale": 1.0} if self.of_characters else {})}

    @property
    def _size(self) -> TextSize:
        if not self.path and self.content is None:
            return TYPICAL
        sizes = self._text.sizes  # of the whole text: a smaller part of it takes less time
        return TextSize(sizes["train"], sizes["validation"], len(self._text.symbols))

    @property
    def space(self) -> Mapping[str, Any]:
        """Recurrent cells, in networks whose size suits the text's."""
        return {
            "name": "recurrent_cell",
            "parameters": self._size.parameters,
            "cell_layers": 1,
            "dropout": 0.0,
            "init_range": 0.15,
        }

    @property
    def recipes(self) -> Mapping[str, Recipe]:  # type: ignore[override]
        """``short``, about a minute a child; ``paper``, the paper's for words or characters."""
        of_characters = PennTreebankCharacters.recipes["paper"]
        paper = of_characters if self.of_characters else LanguageRecipe(epochs=35)
        return {"short": self._size.short, "paper": paper}

    # -- what a person and a run are told of it --------------------------------------------------
    @property
    def notes(self) -> Sequence[str]:
        """A line on what was taken for what, then on what is unknown, left out or repeated."""
        return texts.notes(texts.prepare(self._reading, self._numbering), self.unit)

    @property
    def facts(self) -> Mapping[str, Any]:
        """The text's hash, the sizes of its splits, and its symbols in their order."""
        found = self._text
        return {
            "content": found.content,
            "sizes": dict(found.sizes),
            "symbols": list(found.symbols),
        }

    @property
    def guessing(self) -> Mapping[str, float]:
        """The perplexity of the training text's frequencies; what it does not have counts once."""
        data = self.search_data()
        train, validation = (
            texts.count(numbers.numpy(), self.outputs) for numbers in (data.train, data.validation)
        )
        met = validation > 0
        counts = np.where(met, np.maximum(train, 1), train)
        losses = math.log(counts.sum()) - np.log(counts[met])
        mean = float(validation[met] @ losses) / len(data.validation)
        return {self.metric.name: math.exp(mean)}

    def measure(self, curves: Mapping[str, Sequence[float]]) -> dict[str, float]:
        """Return the least perplexity of the last 5 epochs, and the margin of that epoch's loss."""
        measured = super().measure(curves)
        if MARGIN in curves:
            last = curves[self.metric.name][-LAST_EPOCHS:]
            measured[MARGIN] = curves[MARGIN][-LAST_EPOCHS:][last.index(min(last))]
        return measured

    def interval(self, metrics: Mapping[str, float]) -> tuple[float, float] | None:
        """Return the 95% interval of the perplexity, by how much parts of the text differ.

        Returns:
            None where the recipe cuts the text into too few columns to tell.
        """
        if MARGIN not in metrics:
            return None
        factor = math.exp(metrics[MARGIN])
        return metrics[self.metric.name] / factor, metrics[self.metric.name] * factor
