"""The base of language tasks: a text in three parts, and the perplexity that is measured."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch

from nas_env.errors import InvalidValue
from nas_env.metrics import VALIDATION_PERPLEXITY, Metric
from nas_env.tasks._base import TrainingTask
from nas_env.tasks._checks import check_symbols
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.preprocessing import TextPreprocessing
from nas_env.training.text import LanguageData
from search_spaces._settings import at_least

Split = Literal["train", "validation", "test"]
LEAST = 8  # symbols of a split


#: What the tasks' short recipes have in common: Adam, and a second epoch at a third of the rate.
SHORT = LanguageRecipe(
    epochs=2, loss="mean", optimiser="adam", learning_rate=0.005, decay_factor=0.3, decay_from=1
)


@dataclass(frozen=True)
class LanguageTask(TrainingTask):
    """A text whose next symbol, a word or a character, is to be predicted.

    A member defines :meth:`_read`.

    Attributes:
        train_size: Number of symbols to keep from the beginning of the training text; None for all.
        validation_size: Number of symbols to keep from the beginning of the validation text; None
            for all.
    """

    train_size: int | None = None
    validation_size: int | None = None

    metric: ClassVar[Metric] = VALIDATION_PERPLEXITY
    objective: ClassVar[str | Mapping[str, Any]] = "inverse_square"
    train_size_setting: ClassVar[str | None] = "train_size"
    #: An example is one symbol, a number without a shape.
    input_shape: ClassVar[tuple[int, ...]] = ()
    references: ClassVar[Mapping[str, str]] = {"NASCell": "nascell", "LSTM": "native:lstm"}
    #: True if the symbols are characters; then bits per character are reported too.
    of_characters: ClassVar[bool] = False
    #: Whether the margin of the validation loss is measured beside it.
    margins: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, train_size=LEAST, validation_size=LEAST)

    @abstractmethod
    def _read(self, split: Split) -> np.ndarray:
        """Return the numbers of a split's symbols in their order: int64 (n,)."""

    def symbols(self) -> Sequence[str]:
        """Return the words or characters in the order of their numbers; none if not known."""
        return ()

    def search_data(self) -> LanguageData:
        """Return the first symbols of the training and the validation text, as many as asked.

        Raises:
            DataInvalid: If the numbers of the symbols are not what the task says.
            InvalidValue: If a text has fewer symbols than are asked for.
        """
        train = self._first("train", self.train_size)
        validation = self._first("validation", self.validation_size)
        return LanguageData(train, validation, self.outputs, self.margins)

    def final_data(self) -> LanguageData:
        """Return the training text followed by the validation text, to train on."""
        return self.search_data().joined()

    def preprocessing(self, data: LanguageData, recipe: LanguageRecipe) -> TextPreprocessing | None:
        """Return the numbers of the symbols, where the task knows them."""
        symbols = tuple(self.symbols())
        unit = "character" if self.of_characters else "word"
        return TextPreprocessing(unit, symbols) if symbols else None

    def _first(self, split: Split, size: int | None) -> torch.Tensor:
        symbols = self._read(split)
        check_symbols(self, split, symbols, LEAST)
        if size is not None and size > len(symbols):
            raise InvalidValue(f"{split}_size is {size}, expected at most {len(symbols):,}")
        return torch.from_numpy(symbols[:size].copy())

    def _read_test_data(self) -> torch.Tensor:
        return self._first("test", None)

    def measure(self, curves: Mapping[str, Sequence[float]]) -> dict[str, float]:
        """Return the least validation perplexity of the last 5 epochs.

        The paper does not say which epoch counts; for images it is the best of the last 5
        (section 4.1). A text of characters has bits per character too, log2 of the perplexity.
        """
        measured = super().measure(curves)
        if self.of_characters:
            measured["validation_bits_per_character"] = math.log2(measured[self.metric.name])
        return measured

    def measure_tested(self, tested: Mapping[str, float]) -> dict[str, float]:
        """Return the test perplexity; of characters, bits per character too."""
        measured = dict(tested)
        if self.of_characters:
            measured["test_bits_per_character"] = math.log2(measured["test_perplexity"])
        return measured
