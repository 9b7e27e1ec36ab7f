"""Rates of arithmetic: what a device reaches at best, and what a training takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import nn

from search_spaces import Architecture, SearchSpace


def measured_peaks(device: str, size: tuple[int, int] | None = None) -> dict[str, float]:
    """Measure GFLOP/s of large products and of a large convolution, the best of several.

    Args:
        device: Type of device.
        size: Side of the matrices, and number of images; None for what suits the device.
    """
    side, batch = size or ((8192, 1024) if device == "cuda" else (2048, 32))
    peaks = {}
    for dtype in (torch.float32, torch.bfloat16):
        settings: dict[str, Any] = {"device": device, "dtype": dtype}
        matrix = torch.randn(side, side, **settings)
        images = torch.randn(batch, 64, 32, 32, **settings).to(memory_format=torch.channels_last)
        layer: Any = nn.Conv2d(64, 64, 3, padding=1, **settings)
        convolution = layer.to(memory_format=torch.channels_last)
        name = str(dtype).removeprefix("torch.")
        work = {
            "product": (partial(torch.mm, matrix, matrix), 2 * side**3),
            "convolution": (partial(convolution, images), 2 * batch * 32 * 32 * 9 * 64 * 64),
        }
        for kind, (once, flops) in work.items():
            peaks[f"{name} {kind}"] = flops / min(_durations(once, device)) / 1e9
    return peaks


@torch.no_grad()
def _durations(once: Any, device: str) -> Iterator[float]:
    for _ in range(8):
        begun = time.perf_counter()
        once()
        if device == "cuda":
            torch.cuda.synchronize()
        yield time.perf_counter() - begun


def training_flops(
    space: SearchSpace, architecture: Architecture, shape: tuple[int, ...], outputs: int
) -> int:
    """Return the FLOPs of training on one example, which counts as three forward passes."""
    return 3 * space.cost(architecture, shape, outputs).flops
