"""Layers of a found recurrent cell (Zoph & Le 2017, section 3.4)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.recurrent_cell._cell import RecurrentCell
from search_spaces.recurrent_cell._dropout import Masks, make_dropout
from search_spaces.recurrent_cell._product import SequenceProduct
from search_spaces.recurrent_cell._tree import children

State = tuple[Tensor, Tensor]  # h and c, each (layers, batch, hidden)

COMBINE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": torch.add,
    "elem_mult": torch.mul,
    "max": torch.maximum,
}
ACTIVATE: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda x: x,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "sin": torch.sin,
}


class CellLayers(nn.Module):
    """Layers of one cell, each with matrices of its own; called as :class:`torch.nn.LSTM` is.

    Args:
        cell: The cell of every layer.
        hidden: Size of h and c.
        layers: Number of layers.
        dropout: Rate of dropout on what each layer but the first reads of the one before.
        inputs: Size of what the first layer reads; 0: that of h.
        masks: Whether that dropout draws a mask for each step, or one for the sequence.
        recurrent: Rate of dropout on h_{t-1}, of one mask for the sequence.
    """

    def __init__(
        self,
        cell: RecurrentCell,
        hidden: int,
        layers: int,
        dropout: float,
        inputs: int = 0,
        masks: Masks = "step",
        recurrent: float = 0.0,
    ):
        super().__init__()
        self.input_size, self.hidden_size, self.num_layers = inputs or hidden, hidden, layers
        sizes = (self.input_size, *(hidden,) * (layers - 1))
        self.layers = nn.ModuleList(CellLayer(cell, hidden, size, recurrent) for size in sizes)
        self.dropout = make_dropout(dropout, masks)

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Inputs (steps, batch, inputs) -> the last layer's h of every step, all last h and c."""
        last = []
        for number, (layer, h, c) in enumerate(zip(self.layers, *state, strict=True)):
            x, *memory = layer(self.dropout(x) if number else x, h, c)
            last.append(memory)
        h, c = (torch.stack(parts) for parts in zip(*last, strict=True))
        return x, (h, c)


class CellLayer(nn.Module):
    """A cell that is applied to a sequence.

    Attributes:
        input_weights: W of all leaves, one below the other: (leaves * hidden, inputs).
        recurrent_weights: U of all leaves in the same way: (leaves * hidden, hidden).
    """

    def __init__(self, cell: RecurrentCell, hidden: int, inputs: int, recurrent: float = 0.0):
        super().__init__()
        self.recurrent = recurrent
        self.step = CellStep(cell)
        self.input_weights = nn.Parameter(torch.empty(cell.base * hidden, inputs))
        self.recurrent_weights = nn.Parameter(torch.empty(cell.base * hidden, hidden))

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(steps, batch, inputs), (batch, hidden) twice -> every step's h; the last h and c."""
        wx = functional.linear(x, self.input_weights)  # all steps in one product
        h, c = h.to(wx.dtype), c.to(wx.dtype)  # which autocast may have made shorter
        multiply = SequenceProduct(self.recurrent_weights.to(wx.dtype))
        dropping = self.training and self.recurrent > 0
        mask = functional.dropout(torch.ones_like(h), self.recurrent) if dropping else None
        outputs = []
        for number, wx_t in enumerate(wx.unbind()):
            h, c = self.step(wx_t, multiply(number, h if mask is None else h * mask), c)
            outputs.append(h)
        return torch.stack(outputs), h, c


class CellStep:
    """One step of a cell: makes h_t and c_t from the leaves' products and c_{t-1}."""

    def __init__(self, cell: RecurrentCell):
        self.cell = cell
        self.nodes = [(COMBINE[c], ACTIVATE[a]) for c, a in cell.nodes]
        self.inject = COMBINE[cell.inject[0]], ACTIVATE[cell.inject[1]]

    def __call__(self, wx: Tensor, uh: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return h_t and c_t of W x_t and U h_{t-1}, (batch, leaves * hidden) each, and c_{t-1}.

        Leaf i is act(comb(W_i x_t, U_i h_{t-1})), an inner node act(comb(left, right)); at
        ``inject_at`` the output becomes act(comb(output, c_{t-1})).
        """
        base = self.cell.base
        leaves = zip(wx.chunk(base, dim=1), uh.chunk(base, dim=1), strict=True)
        outputs: list[Tensor] = []
        memory = c
        for node, (combine, activate) in enumerate(self.nodes):
            if node < base:
                left, right = next(leaves)
            else:
                left, right = (outputs[child] for child in children(node, base))
            before = combine(left, right)
            if node == self.cell.memory_from:
                memory = before
            outputs.append(activate(before))
            if node == self.cell.inject_at:
                combine, activate = self.inject
                outputs[-1] = activate(combine(outputs[-1], c))
        return outputs[-1], memory
