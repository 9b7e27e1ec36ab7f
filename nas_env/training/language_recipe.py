"""The recipe of a recurrent child on a text: settings, frozen and converted to JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from nas_env.training.recipe import ChildRecipe
from search_spaces._settings import at_least, at_most


@dataclass(frozen=True)
class LanguageRecipe(ChildRecipe):
    """The settings of training on a text.

    The defaults are those of the "medium" LSTM of Zaremba et al. (2014, 1409.2329, section 4.1),
    whose size the children of Zoph & Le (1611.01578, section 4.2) are given; that paper trains
    them for 35 epochs and leaves the rest open. Dropout is the child's own.

    Attributes:
        epochs: Passes over the training text, or over the part that ``symbols`` says.
        batch_size: Columns into which the text is cut, each a piece of it in its order.
        steps: Symbols of a column that the gradient goes back through; the state is carried on.
        loss: What the gradient is taken of: ``"sum_over_steps"``, the loss summed over the
            ``steps`` symbols of a column and averaged over the columns, as Zaremba et al. have it
            (their rate and their clipping are meant for it); or ``"mean"`` over all symbols, which
            is ``steps`` times smaller.
        optimiser: ``"sgd"`` without momentum, or ``"adam"``.
        learning_rate: Rate of the first ``decay_from`` epochs.
        decay_factor: Factor by which each later epoch multiplies the rate.
        decay_from: Number of epochs at the full rate.
        max_gradient_norm: Norm to which the gradient of all parameters together is cut.
        weight_decay: L2, on every parameter.
        symbols: Words or characters of one epoch at most; the next epoch continues where it
            ended. None for all.
        validation_symbols: Words or characters of the validation text that are guessed after each
            epoch, from its beginning; None for all.
        precision: ``"bfloat16"`` runs matrix products in it by autocast; ``"auto"`` takes it
            where it is fast: on CUDA, and on a CPU with instructions for it.
        threads: CPU threads of one child; with one, machines of the same type give the same
            numbers.
    """

    epochs: int = 39
    batch_size: int = 20
    steps: int = 35
    loss: Literal["sum_over_steps", "mean"] = "sum_over_steps"
    optimiser: Literal["sgd", "adam"] = "sgd"
    learning_rate: float = 1.0
    decay_factor: float = 1 / 1.2
    decay_from: int = 6
    max_gradient_norm: float = 5.0
    weight_decay: float = 0.0
    symbols: int | None = None
    validation_symbols: int | None = None
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    threads: int = 1

    engine: ClassVar[str] = "nas_env.training.language:train"
    continues: ClassVar[bool] = True

    def __post_init__(self) -> None:
        at_least(self, epochs=1, batch_size=1, steps=1, decay_from=0, symbols=1, threads=1)
        at_least(self, validation_symbols=8)
        at_most(self, epochs=100_000, batch_size=1_000_000, steps=100_000, threads=1_024)
        at_least(self, learning_rate=0, decay_factor=0, max_gradient_norm=0, weight_decay=0)

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 0.

        Example:
            >>> [round(LanguageRecipe().rate(epoch), 3) for epoch in (0, 5, 6, 8)]
            [1.0, 1.0, 0.833, 0.579]
        """
        return self.learning_rate * self.decay_factor ** max(0, epoch + 1 - self.decay_from)

    def steps_an_epoch(self, examples: int) -> int:
        """Return the number of whole stretches of a text, or of those that ``symbols`` allows.

        Example:
            >>> recipe = LanguageRecipe(batch_size=20, steps=35)
            >>> [recipe.steps_an_epoch(symbols) for symbols in (20 * 71, 20 * 70, 100)]
            [2, 1, 1]
        """
        columns = min(self.batch_size, max(1, examples // 2))
        whole = max(1, (examples // columns - 1) // self.steps)
        if self.symbols is None:
            return whole
        return min(whole, max(1, self.symbols // (columns * self.steps)))

    def examples_of(self, steps: int) -> int:
        """Return the symbols of so many stretches of all columns, and those guessed last."""
        return (steps * self.steps + 1) * self.batch_size

    @property
    def most_pieces(self) -> int:
        """The number of columns of a batch: a part may be one of them."""
        return self.batch_size

    def validated(self, examples: int) -> int:
        """Return the length of the validation text, or of the part of it that is guessed."""
        return min(examples, self.validation_symbols or examples)

    def shorter(self) -> dict[str, Any]:
        """Return half the epochs, or half the symbols of one where they are limited."""
        limited = {} if self.symbols is None else {"symbols": max(1, self.symbols // 2)}
        return {**super().shorter(), **limited}
