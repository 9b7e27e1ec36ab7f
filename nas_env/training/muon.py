"""SGD whose steps for the filters of convolutions are orthogonal matrices (Muon)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

#: Of the polynomial a x + b x^3 + c x^5, which raises small singular values fast and keeps large
#: ones near 1 (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks").
COEFFICIENTS = 3.4445, -4.7750, 2.0315
ITERATIONS = 3  # of it, which leave singular values between about 0.5 and 1.5: enough for training


class Muon(torch.optim.SGD):
    """SGD in which a group of filters may take orthogonal steps.

    The filters of a convolution are the rows of a matrix. Its gradient, with Nesterov's momentum,
    is replaced by the nearest matrix with orthogonal rows or columns, so that each direction is
    learnt as fast as any other. A batch normalisation follows, so that the length of the filters
    does not matter: they are kept at a length of 1 on average, and so need no decay.

    A group has, beside those of SGD, the key ``"orthogonal"``: the momentum of such steps, or None
    for the steps of SGD. With it the group's own ``momentum`` and ``weight_decay`` must be 0, and
    its key ``"dtype"`` is the type in which the matrices are multiplied.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step."""
        for group in self.param_groups:
            if group["orthogonal"] is not None:
                for filters in group["params"]:
                    self._turn(filters, group["orthogonal"], group["dtype"])
        return super().step(closure)

    def _turn(self, filters: Tensor, momentum: float, dtype: torch.dtype) -> None:
        """Replace the gradient of filters by the step that SGD is to take, and set their length."""
        gradient = filters.grad
        if gradient is None:
            return
        state = self.state[filters]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        buffer = state["momentum_buffer"].mul_(momentum).add_(gradient)
        matrix = gradient.add(buffer, alpha=momentum).flatten(1)  # (filters, channels * h * w)
        filters.mul_(len(filters) ** 0.5 / filters.norm())
        gradient.copy_(orthogonal(matrix, dtype).view(filters.shape))


def orthogonal(matrix: Tensor, dtype: torch.dtype) -> Tensor:
    """Return about the nearest matrix whose singular values are all 1, of another type.

    Example:
        >>> turned = orthogonal(torch.tensor([[3.0, 0.0], [0.0, -2.0]]), torch.bfloat16)
        >>> turned.sign().tolist()
        [[1.0, 0.0], [0.0, -1.0]]
    """
    a, b, c = COEFFICIENTS
    upright = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if upright else matrix).to(dtype)
    x = x / (x.norm() + 1e-7)  # no singular value is more than 1
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if upright else x
