"""Global average pooling that keeps the backward pass in channels-last."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def global_average(maps: Sequence[Tensor]) -> Tensor:
    """The global average of maps that are joined in depth, (batch, channels).

    Smaller maps count as zero-padded to the largest. A sum, and not a mean, since its gradient is
    one number a channel, expanded; a mean's is written out, channels first, and all that is
    computed with it then goes through memory against the grain.
    """
    pixels = max(x.shape[2] for x in maps) * max(x.shape[3] for x in maps)
    return torch.cat([x.sum(dim=(2, 3)) for x in maps], dim=1) / pixels
