"""Counts the different functions that the recurrent cells of base 2 compute.

python -m benchmarks.cell_functions      (about half a minute)

Every cell is computed in float64, from h = c = 0 on, for many draws of weights and inputs, with its
two leaves as they are and exchanged. Two cells are one function if they agree everywhere up to the
exchange. That is sure where they differ, and as good as sure where they agree: rounding is far
smaller than the least difference, and so many draws reach every case of every relu.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from benchmarks._results import save
from nas_env.command_line.program import command
from search_spaces.recurrent_cell import RecurrentCellSpace
from search_spaces.recurrent_cell._identity import Parts, canonical_parts

UNITS, STEPS, DRAWS = 2, 4, 200
SCALES = (0.3, 1.0, 3.0)  # standard deviations of the weights
SAME = 1e-10  # between rounding and the least difference
COMBINE = {"add": np.add, "elem_mult": np.multiply}
ACTIVATE = {
    "identity": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
}


class Draws(NamedTuple):
    """Weights and inputs, of both orders of the leaves one after the other.

    Attributes:
        wx: W x of each step and leaf: (steps, 2, 2 draws, units).
        u: U of each leaf: (2, 2 draws, units, units).
    """

    wx: np.ndarray
    u: np.ndarray


@dataclass(frozen=True)
class Options:
    """Count the functions of the cells of base 2."""


def measure(_: Options) -> None:
    """Print the numbers, and keep them."""
    cells = all_cells()
    forms = [canonical_parts(*cell) for cell in cells]
    group, gap = grouped(fingerprints(cells))
    pairs = len(set(zip(group.tolist(), forms, strict=True)))
    figures = {
        "cells": len(cells),
        "canonical forms": len(set(forms)),
        "functions": int(group.max()) + 1,
        "canonical forms that mix two functions": pairs - len(set(forms)),
        "largest difference within a function": gap[0],
        "smallest difference between functions": gap[1],
    }
    for name, value in figures.items():
        print(f"{name:40} {value:,}" if isinstance(value, int) else f"{name:40} {value:.0e}")
    save("cell_functions", "python -m benchmarks.cell_functions", figures)


def all_cells() -> list[Parts]:
    """Return all 36,864 cells of base 2, as the fields that describe them."""
    space = RecurrentCellSpace(base=2)
    operations = tuple(product(space.combinations, space.activations))
    return [
        (tuple(nodes), inject, memory_from, inject_at)
        for *nodes, inject in product(operations, repeat=4)
        for memory_from, inject_at in product(range(3), repeat=2)
    ]


def fingerprints(cells: Iterable[Parts], seed: int = 0) -> np.ndarray:
    """Return one number for each cell: equal, but for rounding, where the functions are; (n,)."""
    rng = np.random.default_rng(seed)
    draws = drawn(rng)
    look = rng.normal(size=(STEPS, DRAWS, UNITS))
    prints = []
    with np.errstate(over="ignore"):
        for cell in cells:
            # The arc tangent keeps the memories that grow without bound in a common range.
            h = np.arctan(computed(cell, draws)).reshape(STEPS, 2, DRAWS, UNITS)
            one, other = np.einsum("sndu,sdu->n", h, look)
            prints.append(one + other + np.sqrt(0.5) * abs(one - other))
    return np.array(prints)


def drawn(rng: np.random.Generator) -> Draws:
    """Draw weights and inputs; those of the second half are the first's with leaves exchanged."""
    scale = np.array(SCALES)[np.arange(DRAWS) % len(SCALES)][:, None, None]
    w, u = (scale * rng.normal(size=(2, DRAWS, UNITS, UNITS)) for _ in range(2))
    wx = np.einsum("ldij,sdj->sldi", w, rng.normal(size=(STEPS, DRAWS, UNITS)))
    return Draws(np.concatenate([wx, wx[:, ::-1]], axis=2), np.concatenate([u, u[::-1]], axis=1))


def computed(cell: Parts, draws: Draws) -> np.ndarray:
    """Return every h of a cell: (steps, 2 draws, units)."""
    nodes, inject, memory_from, inject_at = cell
    h = c = np.zeros(draws.wx.shape[2:])
    steps = []
    for wx in draws.wx:
        outputs, before = [], []
        for node, (combination, activation) in enumerate(nodes):
            operands = outputs if node == 2 else (wx[node], (draws.u[node] @ h[..., None])[..., 0])
            before.append(COMBINE[combination](*operands))
            outputs.append(ACTIVATE[activation](before[-1]))
            if node == inject_at:
                outputs[-1] = ACTIVATE[inject[1]](COMBINE[inject[0]](outputs[-1], c))
        h, c = outputs[2], before[memory_from]
        steps.append(h)
    return np.array(steps)


def grouped(prints: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Number the functions.

    Returns:
        The function of each cell, (n,); the largest difference of neighbours within a function, and
        the smallest one between two.
    """
    order = np.argsort(prints)
    steps = np.diff(prints[order])
    group = np.empty(len(prints), dtype=np.int64)
    group[order] = np.concatenate([[0], np.cumsum(steps > SAME)])
    return group, (float(steps[steps <= SAME].max()), float(steps[steps > SAME].min()))


main = command("python -m benchmarks.cell_functions", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
