"""Global average pooling that keeps the backward pass in channels-last."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def global_average(maps: Sequence[Tensor]) -> Tensor:
    """Return the global average of maps that are joined in depth, (batch, channels).

    Smaller maps count as zero-padded to the largest. It is computed as a sum, since the gradient of
    a sum is one number a channel, expanded. The gradient of a mean is written channels-first, and
    every operator that receives it then reads memory in the slow order.
    """
    pixels = max(x.shape[2] for x in maps) * max(x.shape[3] for x in maps)
    return torch.cat([x.sum(dim=(2, 3)) for x in maps], dim=1) / pixels
