"""The base of language tasks: a text in three parts, perplexity, the paper's reward."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch

from nas_env.errors import InvalidValue
from nas_env.rewards import best_of_last, inverse_square
from nas_env.tasks._base import TrainingTask
from nas_env.tasks._checks import check_symbols
from nas_env.training.language_recipe import LanguageRecipe
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
        reward_scale: c of the reward c / (validation perplexity)^2; the paper has 80.
    """

    train_size: int | None = None
    validation_size: int | None = None
    reward_scale: float = 80.0

    metric: ClassVar[str] = "validation_perplexity"
    train_size_setting: ClassVar[str | None] = "train_size"
    #: An example is one symbol, a number without a shape.
    input_shape: ClassVar[tuple[int, ...]] = ()
    references: ClassVar[Mapping[str, str]] = {"NASCell": "nascell", "LSTM": "native:lstm"}
    #: True if the symbols are characters; then bits per character are reported too.
    of_characters: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, train_size=LEAST, validation_size=LEAST)
        if not self.reward_scale > 0:
            raise InvalidValue(f"reward_scale is {self.reward_scale}, expected more than 0")

    @abstractmethod
    def _read(self, split: Split) -> np.ndarray:
        """Return the numbers of a split's symbols in their order: int64 (n,)."""

    def search_data(self) -> LanguageData:
        """Return the first symbols of the training and the validation text, as many as asked.

        Raises:
            DataInvalid: If the numbers of the symbols are not what the task says.
            InvalidValue: If a text has fewer symbols than are asked for.
        """
        train = self._first("train", self.train_size)
        return LanguageData(train, self._first("validation", self.validation_size), self.outputs)

    def _first(self, split: Split, size: int | None) -> torch.Tensor:
        symbols = self._read(split)
        check_symbols(self, split, symbols, LEAST)
        if size is not None and size > len(symbols):
            raise InvalidValue(f"{split}_size is {size}, expected at most {len(symbols):,}")
        return torch.from_numpy(symbols[:size].copy())

    def _read_test_data(self) -> torch.Tensor:
        return torch.from_numpy(self._read("test").copy())

    def score(self, curves: Mapping[str, Sequence[float]]) -> float:
        """Return the least validation perplexity of the last 5 epochs.

        The paper does not say which epoch counts; for images it is the best of the last 5
        (section 4.1).
        """
        return -best_of_last([-value for value in curves["validation_perplexity"]])

    def reward(self, score: float) -> float:
        """Return the paper's c / (validation perplexity)^2 (section 4.2)."""
        return inverse_square(score, self.reward_scale)

    def figures(self, score: float) -> dict[str, float]:
        """Return bits per character, log2 of the perplexity, for a text of characters."""
        return {"validation_bits_per_character": math.log2(score)} if self.of_characters else {}
