"""The child of a recurrent cell: a language model (Zoph & Le 2017, section 4.2)."""

from __future__ import annotations

from math import isqrt
from typing import Any

import torch
from torch import Tensor, nn

from search_spaces._errors import InvalidValue, UnknownName
from search_spaces._recurrent_cell import RecurrentCell
from search_spaces._recurrent_layer import CellLayers, State


class LanguageModel(nn.Module):
    """Embedded tokens, recurrent layers, a softmax over the vocabulary (Zaremba et al. 2014).

    Dropout is that of Zaremba et al. (1409.2329), on the connections that are not recurrent: on the
    embedded tokens, between layers, and before the softmax; never from one step to the next.

    Args:
        core: Called as :class:`torch.nn.LSTM` is, with its ``hidden_size`` and ``num_layers``;
            brings the dropout between its layers itself.
        vocabulary: Different tokens.
        dropout: Of embedded tokens and of what the softmax reads.
        tied: Whether the embeddings are the softmax's weights too (Press & Wolf, 1608.05859).
        init_range: Every weight and bias starts uniform in ±``init_range``.
    """

    def __init__(
        self, core: Any, vocabulary: int, dropout: float, tied: bool, init_range: float = 0.05
    ):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, core.hidden_size)
        self.core = core
        self.dropout = nn.Dropout(dropout)
        self.softmax = nn.Linear(core.hidden_size, vocabulary)
        if tied:
            self.softmax.weight = self.embedding.weight
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -init_range, init_range)

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """int64 (steps, batch) -> logits of each next token (steps, batch, vocabulary), state."""
        x = self.dropout(self.embedding(tokens))
        h, (last_h, last_c) = self.core(x, state)
        dtype = state[0].dtype  # autocast may have made it a shorter one
        return self.softmax(self.dropout(h)), (last_h.to(dtype), last_c.to(dtype))

    def initial_state(self, batch: int) -> State:
        """Zeros for h and for c, (layers, batch, hidden) each, where the weights are."""
        weights = self.embedding.weight
        shape = self.core.num_layers, batch, self.core.hidden_size
        return (
            torch.zeros(shape, dtype=weights.dtype, device=weights.device),
            torch.zeros(shape, dtype=weights.dtype, device=weights.device),
        )


def cell_model(
    cell: RecurrentCell,
    *,
    vocabulary: int,
    hidden: int = 0,
    parameters: int = 0,
    layers: int = 2,
    dropout: float = 0.5,
    tied: bool = False,
    init_range: float = 0.05,
) -> LanguageModel:
    """The language model of a found cell.

    Args:
        cell: Of each layer.
        vocabulary: Different tokens.
        hidden: Units of a layer; 0: as many as ``parameters`` allow.
        parameters: The most trainable numbers, where ``hidden`` is 0.
        layers: How many.
        dropout: See :class:`LanguageModel`.
        tied: See :class:`LanguageModel`.
        init_range: See :class:`LanguageModel`.

    Raises:
        InvalidValue: If the parameters do not suffice for one unit.
    """
    squares = 2 * cell.base * layers
    hidden = hidden or units(parameters, vocabulary, squares, 0, tied)
    core = CellLayers(cell, hidden, layers, dropout)
    return LanguageModel(core, vocabulary, dropout, tied, init_range)


def reference_model(
    name: str,
    *,
    vocabulary: int,
    hidden: int = 0,
    parameters: int = 0,
    layers: int = 2,
    dropout: float = 0.5,
    tied: bool = False,
    init_range: float = 0.05,
) -> LanguageModel:
    """A language model that a found one is compared with; all but the cell is the same.

    Args:
        name: ``"lstm"``: :class:`torch.nn.LSTM`, four gates with biases.
        vocabulary: As in :func:`cell_model`, as all that follows.
        hidden: Units of a layer; 0: as many as ``parameters`` allow.
        parameters: The most trainable numbers, where ``hidden`` is 0.
        layers: How many.
        dropout: See :class:`LanguageModel`.
        tied: See :class:`LanguageModel`.
        init_range: See :class:`LanguageModel`.

    Raises:
        UnknownName: If there is no such reference.
        InvalidValue: If the parameters do not suffice for one unit.

    Example:
        >>> model = reference_model("lstm", parameters=20_000, vocabulary=50)
        >>> model.core.hidden_size, sum(p.numel() for p in model.parameters())
        (31, 19022)
    """
    if name != "lstm":
        raise UnknownName("reference model", name, ["lstm"])
    hidden = hidden or units(parameters, vocabulary, 8 * layers, 8 * layers, tied)
    core = nn.LSTM(hidden, hidden, layers, dropout=dropout if layers > 1 else 0.0)
    return LanguageModel(core, vocabulary, dropout, tied, init_range)


def units(parameters: int, vocabulary: int, squares: int, singles: int, tied: bool) -> int:
    """The largest hidden size H with ``squares`` H² + ``singles`` H and the words in the budget.

    The words are embeddings and softmax, H numbers a word each (together if tied), and a bias.

    Raises:
        InvalidValue: If not even one unit is in the budget.

    Example:
        A base-8 cell at the size of Zaremba's medium LSTM (650 units, 10,000 words):

        >>> units(19_775_200, 10_000, squares=2 * 16, singles=0, tied=False)
        533
    """
    linear = singles + vocabulary * (1 if tied else 2)
    rest = parameters - vocabulary
    if rest < squares + linear:
        least = squares + linear + vocabulary
        raise InvalidValue(f"parameters is {parameters}, a single unit takes {least:,}")
    return (isqrt(linear**2 + 4 * squares * rest) - linear) // (2 * squares)
