"""The size of the networks for a text of one's own, and the length of their training.

Both follow from the text alone, never from the speed of the machine, so that a search gives the
same everywhere. They are made such that a child takes about a minute of one slow core.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from nas_env.tasks._language import SHORT
from nas_env.training.language_recipe import LanguageRecipe

MATRICES = 16  # W and U of each leaf of a base-8 cell
#: Training and guessing a symbol, in microseconds of one core of 2020: a part for the operations
#: of the tree, and one for a million multiply-adds of the matrices.
OF_TREE, OF_MATRICES = 16.0, 120.0
TRAINING = 30e6  # microseconds in which a child is trained
SHARE_VALIDATED = 0.4  # of the symbols of an epoch that are guessed at most after it
EPOCHS = (2, 20)  # the fewest and the most
MANY = 100_000  # training symbols, for which a wider network pays
LARGE = 2_000  # symbols of a vocabulary whose softmax costs more than a wider cell gives


@dataclass(frozen=True)
class TextSize:
    """The numbers that decide.

    Attributes:
        train: Number of training symbols.
        validation: Number of validation symbols.
        outputs: Number of different symbols.
    """

    train: int
    validation: int
    outputs: int

    @property
    def units(self) -> int:
        """Units of a network: 128 for many symbols of few kinds, or else 64."""
        return 128 if self.train >= MANY and self.outputs <= LARGE else 64

    @property
    def parameters(self) -> int:
        """Parameters of a base-8 cell of so many units, with embeddings and softmax."""
        return MATRICES * self.units**2 + 2 * self.outputs * self.units + self.outputs

    @property
    def short(self) -> LanguageRecipe:
        """A training of about a minute: a small text several times, a part of a large one twice."""
        multiply_adds = MATRICES * self.units**2 + self.outputs * self.units
        trained = TRAINING / (OF_TREE + OF_MATRICES * multiply_adds / 1e6)
        fewest, most = EPOCHS
        epochs = min(most, max(fewest, int(trained / self.train)))
        symbols = _rounded(trained / epochs) if epochs * self.train > trained else None
        guessed = _rounded(max(5_000, SHARE_VALIDATED * (symbols or self.train)))
        decay_from = max(1, epochs // 2)
        return replace(
            SHORT,
            epochs=epochs,
            steps=25,
            learning_rate=0.01 if self.units == 64 else 0.005,
            decay_from=decay_from,
            decay_factor=round(
                (0.3 if epochs == fewest else 0.1) ** (1 / (epochs - decay_from)), 3
            ),
            symbols=symbols,
            validation_symbols=guessed if guessed < self.validation else None,
        )


def _rounded(number: float) -> int:
    """Round to two digits.

    Example:
        >>> _rounded(123_456), _rounded(87)
        (120000, 87)
    """
    unit = 10 ** max(0, math.floor(math.log10(max(number, 1))) - 1)
    return round(number / unit) * unit
