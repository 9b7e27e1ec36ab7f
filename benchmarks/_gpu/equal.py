"""Checks that children have the same curves twice, and on a GPU as on a CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks._gpu.scale import Scale, evaluated
from nas_env.problem import Problem
from nas_env.records import Evaluation

#: How far the means of two devices may be apart, in standard errors of their difference ...
STANDARD_ERRORS = 3.5
#: ... and how far always: what is worth nothing in a search.
NOTHING = 0.01
#: How far one child's accuracy may be from its own of another time, on a GPU; on a CPU not at all.
NOISE = 0.03

#: Recipes with each new part of the engine, beside the whitening that all networks in stages have.
PARTS: dict[str, dict[str, Any]] = {
    "orthogonal steps": {"preset": "record_search"},
    "lookahead": {"preset": "airbench", "batch_size": 256, "validation_shift": 0, "threads": 1},
    "growing images": {"preset": "record_search", "first_resolution": 6},
}
LAYERS = {"name": "convolutional", "layers": 4, "filters": [6, 12, 24, 36]}


def twice(scale: Scale) -> Iterator[dict[str, Any]]:
    """Train the same children twice."""
    one, other = (evaluated(scale.problem({"epochs": 2}, LAYERS), scale.children) for _ in range(2))
    yield alike(one, other, scale)


def beside_the_cpu(scale: Scale) -> Iterator[dict[str, Any]]:
    """Train the paper's kind of networks on both devices."""
    recipe = {"preset": "short", "upsample": 0, "batch_size": 64, **scale.compared}
    yield differences(scale, lambda **how: scale.problem(recipe, LAYERS, **how))


def parts(scale: Scale) -> Iterator[dict[str, Any]]:
    """Train networks in stages on both devices, by each new part of the engine."""
    right = True
    for name, recipe in PARTS.items():
        settings = {**recipe, **scale.compared}
        found = differences(scale, partial(scale.problem, settings))
        right &= found.pop("right")
        yield {name: found}
    yield {"right": right}


def text(scale: Scale) -> Iterator[dict[str, Any]]:
    """Train one recurrent cell twice on the device, and once on the CPU."""
    one, other = (evaluated(scale.text_problem(), 1) for _ in range(2))
    here = evaluated(scale.text_problem(device="cpu"), 1)
    found = alike(one, other, scale)
    ((there, at_home),) = zip(one, here, strict=True)
    apart = {
        name: abs(value / at_home.metrics.get(name, np.nan) - 1)
        for name, value in there.metrics.items()
    }
    sound = there.status == at_home.status == "ok"
    right = found["right"] and sound and all(each < 0.1 for each in apart.values())
    yield {**found, "relative difference from the CPU": apart, "right": right}


def differences(scale: Scale, make: Callable[..., Problem]) -> dict[str, Any]:
    """Return how far the accuracies of the same children on two devices are apart.

    Args:
        scale: Sizes of the check.
        make: Makes a problem from a device and an evaluator.
    """
    count, seeds = scale.children, scale.seeds
    here = evaluated(make(device=scale.device), count, seeds)
    there = evaluated(make(device="cpu", evaluator=scale.beside), count, seeds)
    pairs = list(zip(here, there, strict=True))
    curves = [(final(a), final(b)) for a, b in pairs]
    apart = np.array([a - b for a, b in curves])
    error = float(apart.std(ddof=1) / np.sqrt(len(apart)))
    mean = float(apart.mean())
    return {
        "accuracy here": round(float(np.mean([a for a, _ in curves])), 4),
        "accuracy on the CPU": round(float(np.mean([b for _, b in curves])), 4),
        "mean difference": round(mean, 5),
        "standard error": round(error, 5),
        "largest difference": round(float(np.abs(apart).max()), 5),
        "children": len(apart),
        "right": abs(mean) <= max(STANDARD_ERRORS * error, NOTHING)  # False where one is NaN
        and all(e.status == "ok" for pair in pairs for e in pair),
    }


def final(evaluation: Evaluation) -> float:
    """Return the accuracy after the last epoch; NaN if the child has none."""
    return evaluation.curves.get("validation_accuracy", [np.nan])[-1]


def alike(one: Sequence[Evaluation], other: Sequence[Evaluation], scale: Scale) -> dict[str, Any]:
    """Return whether evaluations are equal to the last digit, or on a GPU nearly."""
    equal = [a.public() for a in one] == [b.public() for b in other]
    apart = max(
        (
            abs(x - y)
            for a, b in zip(one, other, strict=True)
            for name, curve in a.curves.items()
            for x, y in zip(curve, b.curves.get(name, []), strict=False)
        ),
        default=0.0,
    )
    sound = all(e.status == "ok" for e in (*one, *other))
    return {
        "equal to the last digit": equal,
        "largest difference in a curve": apart,
        "right": sound and (equal or (scale.device != "cpu" and apart <= NOISE)),
    }
