"""Cheap recipes among which ``benchmarks.fidelity`` chooses, and what each is compared with.

For each id the recipes by name, as ``gym.make(id, recipe=...)`` takes them. The candidates of an
id cost about the same, 45 seconds a child on one slow CPU core, and the reference twenty times as
much.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REFERENCE = "reference"

_ONE_CYCLE = {"preset": "short", "epochs": 1, "batch_size": 64}
_FULL = _ONE_CYCLE | {"upsample": 40}
_HALF = _ONE_CYCLE | {"resolution": 16, "upsample": 18}
_QUARTER = _ONE_CYCLE | {"resolution": 8, "upsample": 9}

CANDIDATES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "NAS-CIFAR10-v0": {
        REFERENCE: {"preset": "short", "epochs": 2, "batch_size": 128, "upsample": 40},
        "32 px, 3,500 images": _FULL | {"images": 3_500},
        "32 px, 3,500 images, batch 32": _FULL | {"images": 3_500, "batch_size": 32},
        "16 px, 18,000 images": _HALF | {"images": 18_000},
        "16 px, 18,000 images, batch 32": _HALF | {"images": 18_000, "batch_size": 32},
        "16 px, 18,000 images, batch 128": _HALF | {"images": 18_000, "batch_size": 128},
        "16 px, 18,000 images, smoothed": _HALF | {"images": 18_000, "label_smoothing": 0.2},
        "16 px, 18,000 images, rate 0.03": _HALF | {"images": 18_000, "learning_rate": 0.03},
        "16 px, 18,000 images, rate 0.3": _HALF | {"images": 18_000, "learning_rate": 0.3},
        "16 px, 18,000 images, constant rate": _HALF | {"images": 18_000, "schedule": "constant"},
        "16 px, 9,000 images twice": _HALF | {"images": 9_000, "epochs": 2},
        "8 px, 60,000 images": _QUARTER | {"images": 30_000, "epochs": 2},
    },
    "NAS-CIFAR10-Strides-v0": {
        REFERENCE: {"preset": "short", "epochs": 18, "batch_size": 128, "upsample": 40},
        "32 px, 40,000 images": _FULL | {"images": 40_000},
        "32 px, 40,000 images, batch 128": _FULL | {"images": 40_000, "batch_size": 128},
        "32 px, 20,000 images twice": _FULL | {"images": 20_000, "epochs": 2},
        "16 px, 18,000 images": _HALF | {"images": 18_000},
        "16 px, 110,000 images": _HALF | {"images": 37_000, "epochs": 3},
    },
    "NAS-CIFAR10-Pooling-v0": {
        REFERENCE: {"preset": "short", "epochs": 1, "batch_size": 128, "upsample": 40},
        "32 px, 1,500 images, batch 32": _FULL | {"images": 1_500, "batch_size": 32},
        "16 px, 10,000 images": _HALF | {"images": 10_000},
        "16 px, 10,000 images, batch 32": _HALF | {"images": 10_000, "batch_size": 32},
        "16 px, 18,000 images": _HALF | {"images": 18_000},
        "8 px, 25,000 images": _QUARTER | {"images": 25_000},
    },
}
