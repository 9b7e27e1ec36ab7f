"""Random configurations of agents, drawn from declared ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from agents import make_config
from nas_env.errors import InvalidValue, UnknownName
from nas_env.files import read_json

SPACES = Path(__file__).with_name("tuning_spaces.json")
ATTEMPTS = 1_000  # to draw a configuration that the agent accepts

Range = Mapping[str, Any]


def read_spaces(path: Path) -> dict[str, dict[str, Range]]:
    """Read the ranges of each agent's settings: ``{"log": [low, high]}`` and the like.

    Raises:
        InvalidValue: If the file is missing, is not JSON, or is no object.
    """
    return read_json(path, {})


def trials(
    spec: Mapping[str, Any], spaces: Mapping[str, Mapping[str, Range]], count: int, seed: int
) -> list[dict[str, Any]]:
    """Return the configurations to try: first the agent's own, then random ones.

    Args:
        spec: The agent's name and every setting; a setting without a range keeps its value.
        spaces: The ranges by agent.
        count: Number of configurations; there is only one if the agent has no ranges.
        seed: Seed of the random ones; trial n is the same whatever ``count`` is.

    Raises:
        UnknownName: If the agent has no ranges.
        InvalidValue: If a range is wrong, or nothing drawn is a configuration.
    """
    name = str(spec["name"])
    if name not in spaces:
        raise UnknownName("agent in the tuning spaces", name, spaces)
    if not spaces[name]:
        return [dict(spec)]
    rngs = [np.random.default_rng([seed, crc32(name.encode()), n]) for n in range(1, count)]
    return [dict(spec), *(_configuration(spec, spaces[name], rng) for rng in rngs)]


def _configuration(
    spec: Mapping[str, Any], ranges: Mapping[str, Range], rng: np.random.Generator
) -> dict[str, Any]:
    """Draw until the agent accepts it: a sample may not be larger than its population."""
    problem = ""
    for _ in range(ATTEMPTS):
        drawn = {**spec, **{name: draw(r, rng, name) for name, r in ranges.items()}}
        try:
            make_config(drawn)
        except UnknownName:
            raise
        except InvalidValue as error:
            problem = str(error)
        else:
            return drawn
    raise InvalidValue(f"no configuration of {spec['name']} in its tuning space: {problem}")


def draw(between: Range, rng: np.random.Generator, name: str = "setting") -> Any:
    """Draw one value from a range.

    Args:
        between: ``{"log": [low, high]}`` (log-uniform), ``{"uniform": [low, high]}``,
            ``{"int": [low, high]}`` (both ends included) or ``{"choice": [...]}``.
        rng: Generator that draws.
        name: Name of the setting, for a message.

    Example:
        >>> draw({"int": [3, 3]}, np.random.default_rng(0))
        3
    """
    try:
        ((what, values),) = between.items()
        if what == "choice":
            return values[int(rng.integers(len(values)))]
        low, high = values
        if what == "int":
            return int(rng.integers(low, high, endpoint=True))
        if what == "uniform":
            return float(rng.uniform(low, high))
        if what == "log":
            return float(math.exp(rng.uniform(math.log(low), math.log(high))))
    except (ValueError, TypeError, AttributeError):
        raise InvalidValue(f"the range of {name} is {between}") from None
    raise UnknownName(f"range of {name}", what, ("log", "uniform", "int", "choice"))
