"""The times of children as they were measured, for a simulated clock."""

from __future__ import annotations

from collections.abc import Mapping

#: Quantiles from 0 to 1 in equal steps, over the mean, by ``python -m benchmarks.child_times``.
MEASURED: Mapping[str, tuple[float, ...]] = {
    "digits": (
        0.512, 0.628, 0.657, 0.687, 0.713, 0.739, 0.778, 0.799, 0.83, 0.848, 0.884,
        0.932, 0.963, 1.024, 1.075, 1.158, 1.27, 1.366, 1.518, 1.71, 2.31,
    ),
    "layers_6": (
        0.107, 0.256, 0.345, 0.395, 0.471, 0.526, 0.605, 0.674, 0.725, 0.789, 0.839,
        0.914, 0.968, 1.054, 1.185, 1.336, 1.517, 1.654, 1.906, 2.215, 3.149,
    ),
    "layers_12": (
        0.314, 0.441, 0.513, 0.578, 0.636, 0.688, 0.751, 0.793, 0.821, 0.875, 0.932,
        1.017, 1.076, 1.138, 1.198, 1.277, 1.35, 1.438, 1.537, 1.681, 2.544,
    ),
    "layers_20": (
        0.214, 0.541, 0.621, 0.677, 0.751, 0.806, 0.843, 0.876, 0.901, 0.935, 0.969,
        0.991, 1.034, 1.099, 1.146, 1.185, 1.254, 1.309, 1.382, 1.531, 2.346,
    ),
}  # fmt: skip


def drawn(name: str, chance: float) -> float:
    """Return the time of a child in units of the mean.

    Args:
        name: Distribution, a key of :data:`MEASURED`.
        chance: A number from 0 to 1 that is the child's own.
    """
    quantiles = MEASURED[name]
    place, share = divmod(chance * (len(quantiles) - 1), 1)
    low, high = quantiles[int(place)], quantiles[min(int(place) + 1, len(quantiles) - 1)]
    return low + share * (high - low)
