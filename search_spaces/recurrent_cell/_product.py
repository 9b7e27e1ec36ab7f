"""One weight matrix at every step of a sequence, its gradient taken once, after all steps.

Autograd by itself adds up a gradient of the weights' size at every step. Here each step keeps
its input and its output's gradient, and one product over all steps makes the same sum.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, cat, is_grad_enabled
from torch.autograd import Function
from torch.nn import functional

Tape = dict[int, tuple[Tensor, Tensor]]  # for each step: its input, the gradient of its output


class SequenceProduct:
    """Computes ``weights @ h`` at each step of a sequence; has a first derivative, no second.

    Args:
        weights: (outputs, inputs).
    """

    def __init__(self, weights: Tensor):
        self.tape: Tape = {}
        self.weights: Tensor = _Weights.apply(weights, self.tape)  # type: ignore[assignment]

    def __call__(self, step: int, h: Tensor) -> Tensor:
        """(batch, inputs) -> (batch, outputs)."""
        return _Step.apply(h, self.weights, self.tape, step)  # type: ignore[return-value]


class _Weights(Function):
    """Gives the weights as they are; backward, takes all steps' gradients in one product."""

    @staticmethod
    def forward(ctx: Any, weights: Tensor, tape: Tape) -> Tensor:
        ctx.set_materialize_grads(False)  # the steps hand gradients down by the tape alone
        ctx.tape = tape
        return weights.view_as(weights)

    @staticmethod
    def backward(ctx: Any, *_: Any) -> tuple[Tensor | None, None]:
        """G^T H, where the rows of G and H are the examples of all steps."""
        _only_once()
        if not ctx.tape:
            return None, None
        inputs, gradients = zip(*ctx.tape.values(), strict=True)
        ctx.tape.clear()
        return cat(gradients).t() @ cat(inputs), None


class _Step(Function):
    """Computes the product of one step; backward, puts the weights' part on the tape."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, weights: Tensor, tape: Tape, step: int) -> Tensor:
        ctx.save_for_backward(h, weights)
        ctx.tape, ctx.step = tape, step
        return functional.linear(h, weights)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None, None, None]:
        _only_once()
        h, weights = ctx.saved_tensors
        ctx.tape[ctx.step] = h, gradients[0]
        return gradients[0] @ weights, None, None, None


def _only_once() -> None:
    if is_grad_enabled():
        raise RuntimeError("the product over a sequence has no second derivative (create_graph)")
