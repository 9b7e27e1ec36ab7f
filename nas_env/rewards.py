"""Rewards as functions of a child's curves."""

from __future__ import annotations

from collections.abc import Sequence

LAST_EPOCHS = 5  # the best validation accuracy of these counts (Zoph & Le 2017, section 4.1)


def best_of_last(curve: Sequence[float], epochs: int = LAST_EPOCHS) -> float:
    """Return the best value of the last epochs.

    Example:
        >>> best_of_last([0.9, 0.1, 0.2, 0.3, 0.2, 0.1])
        0.3
    """
    return max(curve[-epochs:])


def accuracy_cubed(accuracy: float) -> float:
    """Return the paper's reward: the validation accuracy, a fraction, cubed (section 4.1).

    Example:
        >>> accuracy_cubed(0.5)
        0.125
    """
    return accuracy**3


def inverse_square(perplexity: float, scale: float = 80.0) -> float:
    """Return the paper's reward of a language model: c / (validation perplexity)^2 (section 4.2).

    Example:
        >>> inverse_square(80.0)
        0.0125
    """
    return scale / perplexity / perplexity
