"""Cheap recipes among which ``benchmarks.fidelity`` chooses, and what each is compared with.

For each id the recipes by name, as ``gym.make(id, recipe=...)`` takes them. The candidates of an
id cost about the same, 45 seconds a child on one slow CPU core (an AMD EPYC without AMX), and the
reference twenty times as much.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nas_env.tasks.cifar10 import RECORD

REFERENCE = "reference"

_ONE_CYCLE = {"preset": "short", "epochs": 1, "batch_size": 64}
_FULL = _ONE_CYCLE | {"upsample": 40}
_HALF = _ONE_CYCLE | {"resolution": 16, "upsample": 18}
_QUARTER = _ONE_CYCLE | {"resolution": 8, "upsample": 9}

_ONCE = {
    "preset": "record",
    "first_resolution": 0,
    "epochs": 1,
    "images": 12_288,
    "batch_size": 128,
    "learning_rate": RECORD.learning_rate / 4,
    "filter_rate": 0.24,
    "resolution": 16,
    "padding": 1,
    "validation_flip": False,
    "validation_shift": 0,
    "threads": 1,
}
_SHARP = _ONCE | {"images": 5_120, "resolution": 24, "padding": 2}
_THRICE = _ONCE | {
    "epochs": 3,
    "images": 8_192,
    "batch_size": 256,
    "learning_rate": RECORD.learning_rate / 2,
    "validation_flip": True,
}
_PLAIN = {"filter_rate": 0.0, "warm_up": 0.23, "final_rate": 0.07, "lookahead": 5}

_WORDS = {"preset": "short", "epochs": 1, "symbols": 38_000, "validation_symbols": 10_000}
_CHARACTERS = {"preset": "short", "epochs": 1, "symbols": 80_000, "validation_symbols": 30_000}
_SGD = {"loss": "sum_over_steps", "optimiser": "sgd", "learning_rate": 1.0}

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
    "NAS-CIFAR10-Record-v0": {
        REFERENCE: {
            "preset": "record",
            "first_resolution": 0,
            "filter_rate": 0.17,
            "epochs": 2,
            "images": 20_480,
            "batch_size": 256,
            "learning_rate": RECORD.learning_rate / 2,
            "validation_flip": False,
            "validation_shift": 0,
            "threads": 1,
        },
        "16 px, 12,288 images": _ONCE,
        "24 px, 5,120 images": _SHARP,
        "24 px, 5,120 images, rate 0.12": _SHARP | {"filter_rate": 0.12},
        "24 px, 2,560 images twice": _SHARP | {"images": 2_560, "epochs": 2},
        "32 px, 2,880 images": _SHARP | {"images": 2_880, "resolution": 0, "padding": 2},
        "16 px, 12,288 images, batch 256": _ONCE
        | {"batch_size": 256, "learning_rate": RECORD.learning_rate / 2},
        "16 px, 12,288 images, rate 0.12": _ONCE | {"filter_rate": 0.12},
        "16 px, 12,288 images, SGD": _ONCE | _PLAIN,
        "16 px, 8,192 images 3 times, batch 256": _THRICE,
    },
    "NAS-PTB-v0": {
        REFERENCE: _WORDS | {"batch_size": 40, "symbols": 400_000, "epochs": 2},
        "38,000 words": _WORDS,
        "38,000 words, rate 0.002": _WORDS | {"learning_rate": 0.002},
        "38,000 words, rate 0.01": _WORDS | {"learning_rate": 0.01},
        "19,000 words twice": _WORDS | {"epochs": 2, "symbols": 19_000},
        "24,000 words, steps of 10": _WORDS | {"steps": 10, "symbols": 24_000},
        "38,000 words, SGD": _WORDS | _SGD,
    },
    "NAS-PTBChar-v0": {
        REFERENCE: _CHARACTERS | {"batch_size": 40, "symbols": 800_000, "epochs": 2},
        "80,000 characters": _CHARACTERS,
        "80,000 characters, rate 0.002": _CHARACTERS | {"learning_rate": 0.002},
        "40,000 characters twice": _CHARACTERS | {"epochs": 2, "symbols": 40_000},
        "53,000 characters, steps of 10": _CHARACTERS | {"steps": 10, "symbols": 53_000},
    },
}


def _stages(*widths: tuple[int, ...]) -> Mapping[str, Any]:
    """Return a network of 3x3 filters in stages, each of which begins by halving the map."""
    layers = [
        {"filter_size": 3, "filters": width, "pool": not place, "skips": []}
        for stage in widths
        for place, width in enumerate(stage)
    ]
    return {"space": "staged", "layers": layers}


#: Networks beside the random ones: the hand-made one, a narrower one and a deeper one.
NETWORKS: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "NAS-CIFAR10-Record-v0": (
        _stages((64, 64), (256, 256), (256, 256)),
        _stages((48, 48), (128, 128), (192, 192)),
        _stages((64, 64), (192, 192, 192), (256, 256, 256)),
    ),
}
