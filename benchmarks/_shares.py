"""The shares that two causes have in the variance of a table."""

from __future__ import annotations

import numpy as np


def shares(table: np.ndarray) -> dict[str, dict[str, float]]:
    """Return the shares of the sum of squares, and those that chance alone would give.

    Args:
        table: Accuracies, (networks, recipes, seeds).

    Returns:
        In percent, of the architecture, of the recipe, of both together (where the recipe is worth
        more to one network than to another), and of the seed.
    """
    networks, recipes, seeds = table.shape
    mean = table.mean()
    architecture = recipes * seeds * ((table.mean(axis=(1, 2)) - mean) ** 2).sum()
    recipe = networks * seeds * ((table.mean(axis=(0, 2)) - mean) ** 2).sum()
    cells = seeds * ((table.mean(axis=2) - mean) ** 2).sum()
    total = ((table - mean) ** 2).sum()
    squares = {
        "architecture": architecture,
        "recipe": recipe,
        "both": cells - architecture - recipe,
        "seed": total - cells,
    }
    freedom = {
        "architecture": networks - 1,
        "recipe": recipes - 1,
        "both": (networks - 1) * (recipes - 1),
        "seed": networks * recipes * (seeds - 1),
    }
    return {
        "measured": {name: round(100 * float(v / total), 1) for name, v in squares.items()},
        "by chance": {n: round(100 * v / (table.size - 1), 1) for n, v in freedom.items()},
    }
