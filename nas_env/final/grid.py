"""The small grid of the final training (Zoph & Le 2017, sections 4.1 and 4.2).

The paper names the settings that it varies once the search is over (learning rate, weight decay,
the epsilon of batch normalisation, the epoch at which the rate falls), but not their values; those
of the grids here are a choice of ours, and each can be set.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

from nas_env.errors import InvalidValue, UnknownName
from nas_env.training.recipe import ChildRecipe

#: The epsilon of torch's batch normalisations, which a network has where a recipe names none.
OWN_EPSILON = 1e-5


@dataclass(frozen=True)
class Grid:
    """Values of a recipe's settings to compare by validation; none keeps the recipe's own.

    Attributes:
        learning_rate: Factors of the recipe's learning rate.
        weight_decay: Factors of the recipe's weight decay.
        batch_norm_epsilon: Values of the epsilon of batch normalisation, where the recipe has it.
        decay_point: Shares of the training after which the learning rate first falls, where the
            recipe has such a moment; later falls move with it.
    """

    learning_rate: tuple[float, ...] = ()
    weight_decay: tuple[float, ...] = ()
    batch_norm_epsilon: tuple[float, ...] = ()
    decay_point: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name, values in asdict(self).items():
            most = 1.0 if name == "decay_point" else float("inf")
            for value in values:
                if not 0 <= value <= most:
                    expected = "from 0 to 1" if name == "decay_point" else "0 or more"
                    raise InvalidValue(f"{name} of the grid is {value:g}, expected {expected}")

    def points(self, recipe: ChildRecipe) -> list[tuple[dict[str, Any], ChildRecipe]]:
        """Return the different recipes of the grid, each with the settings that it changes.

        Example:
            >>> from nas_env.training.image_recipe import ImageRecipe
            >>> grid = Grid(learning_rate=(1.0, 0.5), decay_point=(0.5,))
            >>> [changes for changes, _ in grid.points(ImageRecipe())]
            [{}, {'learning_rate': 0.05}]
        """
        axes = [
            [_change(recipe.spec, name, value) for value in values] or [{}]
            for name, values in asdict(self).items()
        ]
        found: dict[str, tuple[dict[str, Any], ChildRecipe]] = {}
        for changes in product(*axes):
            point: Any = replace(recipe, **{k: v for each in changes for k, v in each.items()})  # type: ignore[type-var]
            changed = {k: v for k, v in point.spec.items() if v != recipe.spec[k]}
            found.setdefault(json.dumps(changed), (changed, point))
        return list(found.values())


def _change(spec: Mapping[str, Any], name: str, value: float) -> dict[str, Any]:
    """Return what a value of the grid changes of a recipe; nothing where it has no such setting."""
    if name == "decay_point":
        return moved_decay(spec, value)
    if name not in spec:
        return {}
    if name == "batch_norm_epsilon":
        return {} if value == (spec[name] or OWN_EPSILON) else {name: value}
    return {name: round(spec[name] * value, 12)}


def moved_decay(spec: Mapping[str, Any], point: float) -> dict[str, Any]:
    """Return the change that lets the learning rate of a recipe first fall after a share of it.

    Example:
        >>> moved_decay({"schedule": "step", "decay_points": [0.5, 0.75], "epochs": 50}, 0.4)
        {'decay_points': (0.4, 0.7)}
        >>> moved_decay({"decay_from": 6, "epochs": 39}, 0.5)
        {'decay_from': 20}
        >>> moved_decay({"schedule": "cosine", "decay_points": [0.5], "epochs": 50}, 0.4)
        {}
    """
    if "decay_from" in spec:
        return {"decay_from": round(point * spec["epochs"])}
    points = spec.get("decay_points")
    if spec.get("schedule") != "step" or not points or points[0] >= 1:
        return {}
    left = (1 - point) / (1 - points[0])
    return {"decay_points": tuple(round(1 - (1 - each) * left, 6) for each in points)}


#: The grids by name.
GRIDS: Mapping[str, Grid] = {
    "none": Grid(),
    "small": Grid(learning_rate=(1.0, 0.5), weight_decay=(1.0, 5.0)),
    "paper": Grid(
        learning_rate=(1.0, 0.5),
        weight_decay=(1.0, 5.0),
        batch_norm_epsilon=(1e-5, 1e-3),
        decay_point=(0.5, 0.4),
    ),
}


def make_grid(name: str) -> Grid:
    """Return a grid by its name.

    Raises:
        UnknownName: If there is none.
    """
    if name not in GRIDS:
        raise UnknownName("grid", name, GRIDS)
    return GRIDS[name]
