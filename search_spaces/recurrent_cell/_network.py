"""The child of a recurrent cell: a language model (Zoph & Le 2017, section 4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Any

import torch
from torch import Tensor, nn

from search_spaces._errors import InvalidValue, UnknownName
from search_spaces.recurrent_cell._cell import RecurrentCell
from search_spaces.recurrent_cell._dropout import DroppingLSTM, Masks, make_dropout
from search_spaces.recurrent_cell._layer import CellLayers, State


class LanguageModel(nn.Module):
    """Embeddings, recurrent layers, a softmax over the vocabulary (Zaremba et al. 2014).

    Dropout is that of Zaremba et al. (1409.2329), on the connections that are not recurrent: on the
    embeddings, between layers, and before the softmax; never from one step to the next. With
    ``masks="sequence"`` it is that of Gal & Ghahramani (1512.05287): the same numbers are dropped
    at all steps of a stretch of text, in each column others.

    Args:
        core: Called as :class:`torch.nn.LSTM` is, with its ``input_size``, ``hidden_size`` and
            ``num_layers``; brings the dropout between its layers itself.
        vocabulary: Number of different symbols: words or characters.
        dropout: Rate of dropout on the embeddings and on what the softmax reads.
        tied: Whether the embeddings are the softmax's weights too (Press & Wolf, 1608.05859).
        init_range: Every weight and bias starts uniform in ±``init_range``.
        masks: Whether dropout draws a mask for each step, or one for the sequence.
        projected: Make h as long as an embedding before the softmax, by a matrix, as embeddings of
            another length than h need that are tied (Melis et al. 2017, 1707.05589).
    """

    def __init__(
        self,
        core: Any,
        vocabulary: int,
        dropout: float,
        tied: bool,
        init_range: float = 0.05,
        masks: Masks = "step",
        projected: bool = False,
    ):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, core.input_size)
        self.core = core
        self.dropout = make_dropout(dropout, masks)
        self.projection: nn.Module = nn.Identity()
        if projected:
            self.projection = nn.Linear(core.hidden_size, core.input_size, bias=False)
        size = core.input_size if projected else core.hidden_size
        self.softmax = nn.Linear(size, vocabulary)
        if tied:
            self.softmax.weight = self.embedding.weight
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -init_range, init_range)

    def forward(self, symbols: Tensor, state: State) -> tuple[Tensor, State]:
        """int64 (steps, batch) -> logits of each next symbol (steps, batch, vocabulary), state."""
        x = self.dropout(self.embedding(symbols))
        h, (last_h, last_c) = self.core(x, state)
        dtype = state[0].dtype  # which autocast may have made shorter
        return self.softmax(self.projection(self.dropout(h))), (last_h.to(dtype), last_c.to(dtype))

    def initial_state(self, batch: int) -> State:
        """Return zeros for h and for c, (layers, batch, hidden) each, where the weights are."""
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
    embedding: int = 0,
    dropout: float = 0.5,
    tied: bool = False,
    init_range: float = 0.05,
    masks: Masks = "step",
    recurrent_dropout: float = 0.0,
) -> LanguageModel:
    """Return the language model of a found cell.

    Args:
        cell: The cell of every layer.
        vocabulary: Number of different symbols.
        hidden: Units of a layer; 0: as many as ``parameters`` allow.
        parameters: The most trainable numbers, where ``hidden`` is 0.
        layers: Number of layers.
        embedding: Numbers of a symbol's embedding; 0: as many as a layer has units.
        dropout: See :class:`LanguageModel`.
        tied: See :class:`LanguageModel`; h is projected where the embedding has a size.
        init_range: See :class:`LanguageModel`.
        masks: See :class:`LanguageModel`.
        recurrent_dropout: Rate of dropout on h_{t-1}, of one mask for the sequence.

    Raises:
        InvalidValue: If the parameters do not suffice for one unit.
    """
    size = Size(vocabulary, layers, embedding, tied, matrices=cell.base, biases=0)
    hidden = hidden or size.units(parameters)
    core = CellLayers(cell, hidden, layers, dropout, embedding, masks, recurrent_dropout)
    projected = tied and embedding > 0
    return LanguageModel(core, vocabulary, dropout, tied, init_range, masks, projected)


def reference_model(
    name: str,
    *,
    vocabulary: int,
    hidden: int = 0,
    parameters: int = 0,
    layers: int = 2,
    embedding: int = 0,
    dropout: float = 0.5,
    tied: bool = False,
    init_range: float = 0.05,
    masks: Masks = "step",
    recurrent_dropout: float = 0.0,
) -> LanguageModel:
    """Return a language model that a found one is compared with; all but the cell is the same.

    Args:
        name: ``"lstm"``: :class:`torch.nn.LSTM`, four gates with biases.
        vocabulary: Number of different symbols.
        hidden: Units of a layer; 0: as many as ``parameters`` allow.
        parameters: The most trainable numbers, where ``hidden`` is 0.
        layers: Number of layers.
        embedding: Numbers of a symbol's embedding; 0: as many as a layer has units.
        dropout: See :class:`LanguageModel`.
        tied: See :class:`LanguageModel`; h is projected where the embedding has a size.
        init_range: See :class:`LanguageModel`.
        masks: See :class:`LanguageModel`.
        recurrent_dropout: Rate of dropout on h_{t-1}, of one mask for the sequence.

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
    size = Size(vocabulary, layers, embedding, tied, matrices=4, biases=8)
    hidden = hidden or size.units(parameters)
    inputs, between = embedding or hidden, dropout if layers > 1 else 0.0
    if masks == "step" and recurrent_dropout == 0:
        core = nn.LSTM(inputs, hidden, layers, dropout=between)
    else:
        core = DroppingLSTM(inputs, hidden, layers, make_dropout(between, masks), recurrent_dropout)
    projected = tied and embedding > 0
    return LanguageModel(core, vocabulary, dropout, tied, init_range, masks, projected)


@dataclass(frozen=True)
class Size:
    """The number of trainable parameters of a language model, as a polynomial of its units.

    Attributes:
        vocabulary: Number of different symbols.
        layers: Number of recurrent layers.
        embedding: Numbers of a symbol's embedding; 0: as many as a layer has units.
        tied: Whether embeddings and softmax share their weights.
        matrices: Pairs of matrices, W and U, of a layer.
        biases: Vectors of biases of a layer.
    """

    vocabulary: int
    layers: int
    embedding: int
    tied: bool
    matrices: int
    biases: int

    @property
    def coefficients(self) -> tuple[int, int, int]:
        """The numbers a, b and c of a model of H units, which has a H² + b H + c parameters."""
        squares, linear = 2 * self.matrices * self.layers, self.biases * self.layers
        if self.embedding and self.tied:  # of the projection
            linear += self.embedding
        else:
            linear += self.vocabulary * (1 if self.tied or self.embedding else 2)
        if self.embedding:  # of the first layer's W, and of the embeddings
            squares, linear = squares - self.matrices, linear + self.matrices * self.embedding
        return squares, linear, self.vocabulary * (1 + self.embedding)

    def units(self, parameters: int) -> int:
        """Return the most units H with which the model has no more parameters than that.

        Raises:
            InvalidValue: If not even one unit is in the budget.

        Example:
            A base-8 cell at the size of Zaremba's medium LSTM (650 units, 10,000 words), and at
            that of the paper's character models:

            >>> Size(10_000, 2, 0, tied=False, matrices=8, biases=0).units(19_775_200)
            533
            >>> Size(50, 2, 128, tied=False, matrices=8, biases=0).units(6_572_170)
            501
        """
        squares, linear, constant = self.coefficients
        rest = parameters - constant
        if rest < squares + linear:
            least = squares + linear + constant
            raise InvalidValue(f"parameters is {parameters}, a single unit takes {least:,}")
        return (isqrt(linear**2 + 4 * squares * rest) - linear) // (2 * squares)
