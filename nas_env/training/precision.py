"""The precision in which a device computes fast."""

from __future__ import annotations

import torch


def fast_bfloat16(device: str) -> bool:
    """Tell whether a type of device computes faster in bfloat16 than in float32.

    A torch that cannot tell what the CPU has gets float32.
    """
    if device == "cuda":
        return True
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
