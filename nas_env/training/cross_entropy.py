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


def cross_entropy(logits: Tensor, targets: Tensor, scale: float = 1.0) -> Tensor:
    """Return ``scale`` times the mean of -log softmax(logits)[target], in nats.

    Computed in float32 at least, since bfloat16 keeps three digits of a loss. On a CPU it can be
    differentiated once.

    Args:
        logits: (n, classes).
        targets: int64 (n,).
        scale: What the mean is multiplied by; n makes it the sum.

    Raises:
        RuntimeError: In a backward pass with ``create_graph``, on a CPU.
    """
    if logits.device.type != "cpu":
        return scale * functional.cross_entropy(logits.float(), targets)
    return _CrossEntropy.apply(logits, targets, scale)  # type: ignore[return-value]


def losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Return -log softmax(logits)[target] of each row in nats, in float32 at least: (n,).

    Args:
        logits: (n, classes); no gradient is kept of them.
        targets: int64 (n,).
    """
    exact = torch.promote_types(logits.dtype, torch.float32)
    rows = max(1, PIECE // logits.shape[1]) if logits.device.type == "cpu" else len(logits)
    pieces = zip(logits.detach().split(rows), targets.split(rows), strict=True)
    return torch.cat(
        [
            functional.cross_entropy(piece.to(exact), right, reduction="none")
            for piece, right in pieces
        ]
    )


class _CrossEntropy(Function):
    """Makes the gradient, softmax - one-hot, along with the loss, while the piece is at hand."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, scale: float) -> Tensor:
        count, classes = logits.shape
        needed = ctx.needs_input_grad[0]
        gradient = torch.empty_like(logits) if needed else None
        exact = torch.promote_types(logits.dtype, torch.float32)
        total = torch.zeros((), dtype=exact)
        rows = max(1, PIECE // classes)
        for start in range(0, count, rows):
            piece, right = logits[start : start + rows], targets[start : start + rows]
            logs = torch.log_softmax(piece.to(exact), dim=1)
            total += functional.nll_loss(logs, right, reduction="sum")
            if gradient is not None:
                shares = logs.exp_()
                shares[torch.arange(len(right)), right] -= 1
                gradient[start : start + rows] = shares.mul_(scale / count)
        if gradient is not None:
            ctx.save_for_backward(gradient)
        return scale * (total / count)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None, None]:
        if torch.is_grad_enabled():  # create_graph=True
            raise RuntimeError("cross_entropy on a CPU has a first derivative, no second")
        (gradient,), outer = ctx.saved_tensors, gradients[0]
        return (gradient if outer == 1 else gradient * outer), None, None
