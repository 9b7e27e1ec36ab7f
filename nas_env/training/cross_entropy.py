"""Cross entropy over a large vocabulary on a CPU, in pieces that stay in the cache.

Torch's own makes three float32 tensors of the logits' size, and passes over each of them in main
memory: with 10,000 words that was two fifths of a training step of a small language model.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional

PIECE = 2**18  # numbers that are worked on at once, 1 MB


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean of -log softmax(logits)[target], in nats, as :func:`torch.nn.functional` has it.

    Computed in float32, since bfloat16 keeps three digits of a loss; on a CPU it has a first
    derivative, no second.

    Args:
        logits: (n, classes).
        targets: int64 (n,).
    """
    if logits.device.type != "cpu":
        return functional.cross_entropy(logits.float(), targets)
    return _CrossEntropy.apply(logits, targets)  # type: ignore[return-value]


class _CrossEntropy(Function):
    """The gradient, softmax - one-hot, is made along with the loss, while the piece is at hand."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor) -> Tensor:
        count, classes = logits.shape
        needed = ctx.needs_input_grad[0]
        gradient = torch.empty_like(logits) if needed else None
        total = torch.zeros(())
        rows = max(1, PIECE // classes)
        for start in range(0, count, rows):
            piece, right = logits[start : start + rows], targets[start : start + rows]
            logs = torch.log_softmax(piece.float(), dim=1)
            total += functional.nll_loss(logs, right, reduction="sum")
            if gradient is not None:
                shares = logs.exp_()
                shares[torch.arange(len(right)), right] -= 1
                gradient[start : start + rows] = shares.mul_(1 / count)
        if gradient is not None:
            ctx.save_for_backward(gradient)
        return total / count

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None]:
        (gradient,), outer = ctx.saved_tensors, gradients[0]
        return (gradient if outer == 1 else gradient * outer), None
