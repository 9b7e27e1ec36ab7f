"""Cheap recipes among which ``benchmarks.fidelity`` chooses, and what each is compared with.

For each id the recipes by name, as ``gym.make(id, recipe=...)`` takes them. The candidates of an
id cost about the same, 45 seconds a child on one slow CPU core (an AMD EPYC without AMX), and the
reference twenty times as much.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REFERENCE = "reference"

_ONE_CYCLE = {"preset": "short", "epochs": 1, "batch_size": 64}
_FULL = _ONE_CYCLE | {"upsample": 40}
_HALF = _ONE_CYCLE | {"resolution": 16, "upsample": 18}
_QUARTER = _ONE_CYCLE | {"resolution": 8, "upsample": 9}

_RECORD_SEARCH = {"preset": "record_search"}

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
            "epochs": 4,
            "images": 24_576,
            "validation_shift": 0,
            "threads": 1,
        },
        "16 px, 8,192 images 3 times": _RECORD_SEARCH,
        "16 px, 24,576 images": _RECORD_SEARCH | {"epochs": 1, "images": 24_576},
        "16 px, 4,096 images 6 times": _RECORD_SEARCH | {"epochs": 6, "images": 4_096},
        "16 px, 8,192 images 3 times, SGD": _RECORD_SEARCH
        | {"filter_rate": 0.0, "warm_up": 0.23, "final_rate": 0.07, "lookahead": 5},
        "32 px, 2,048 images 3 times": _RECORD_SEARCH
        | {"resolution": 0, "padding": 2, "images": 2_048, "batch_size": 64},
        "24 px, 3,600 images 3 times": _RECORD_SEARCH
        | {"resolution": 24, "padding": 2, "images": 3_600, "batch_size": 128},
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
