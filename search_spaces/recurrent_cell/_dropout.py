"""Dropout of one mask for all steps of a sequence (Gal & Ghahramani 2016, 1512.05287)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.recurrent_cell._product import SequenceProduct

Masks = Literal["step", "sequence"]
State = tuple[Tensor, Tensor]


class SequenceDropout(nn.Module):
    """Drops the same numbers at all steps: one mask for each text of a batch.

    Args:
        rate: Share of the numbers that are dropped; the others grow by 1 / (1 - rate).
    """

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """(steps, batch, numbers) -> the same shape."""
        return x * functional.dropout(torch.ones_like(x[:1]), self.rate) if self.training else x


def make_dropout(rate: float, masks: Masks) -> nn.Module:
    """Return dropout with a mask for each step, or one for the sequence."""
    return SequenceDropout(rate) if masks == "sequence" else nn.Dropout(rate)


class DroppingLSTM(nn.LSTM):
    """An LSTM with one mask a sequence on its recurrent state; torch's own, apart from dropout.

    Args:
        inputs: Size of what the first layer reads.
        hidden: Size of h and c.
        layers: Number of layers.
        between: Dropout between layers.
        recurrent: Rate of dropout on h_{t-1}.
    """

    def __init__(self, inputs: int, hidden: int, layers: int, between: nn.Module, recurrent: float):
        super().__init__(inputs, hidden, layers)
        self.between, self.recurrent = between, recurrent

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:  # type: ignore[override]
        """Inputs (steps, batch, inputs) -> the last layer's h of every step, all last h and c."""
        if not self.training:
            return super().forward(x, state)
        last = []
        for number, (weights, h, c) in enumerate(zip(self.all_weights, *state, strict=True)):
            x, *memory = self._layer(self.between(x) if number else x, h, c, *weights)
            last.append(memory)
        h, c = (torch.stack(parts) for parts in zip(*last, strict=True))
        return x, (h, c)

    def _layer(self, x: Tensor, h: Tensor, c: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        """Return every step's h, and the last h and c, of one layer."""
        of_inputs, of_state, first, second = weights
        wx = functional.linear(x, of_inputs, first + second)
        h, c = h.to(wx.dtype), c.to(wx.dtype)  # which autocast may have made shorter
        multiply = SequenceProduct(of_state.to(wx.dtype))
        mask = functional.dropout(torch.ones_like(h), self.recurrent)
        outputs = []
        for number, wx_t in enumerate(wx.unbind()):
            i, f, g, o = (wx_t + multiply(number, h * mask)).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            outputs.append(h)
        return torch.stack(outputs), h, c
