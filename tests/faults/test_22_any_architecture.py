"""Row 22: whatever a space can express builds, and takes a step, or is refused before it costs."""

import numpy as np
import pytest
import torch
from _small import TINY
from test_search_space_contract import CASES

from nas_env.problem import Problem
from search_spaces import InvalidValue

MANY = {True: 5_000, False: 12}  # architectures of a space; large and small
STEPS = {True: 200, False: 2}  # of them, of which one step is taken


def extreme(space, last):
    """The tokens of the first, or of the last, option that is open each time."""
    tokens = np.zeros((1, 0), dtype=np.int64)
    while tokens.shape[1] < space.length():
        choices = np.flatnonzero(space.open_mask(tokens)[0])
        tokens = np.append(tokens, [[choices[-1 if last else 0]]], axis=1)
    return tokens


def drawn(space, count):
    """The smallest, the largest, and some between."""
    random = space.sample_batch(np.random.default_rng(0), count)
    tokens = np.concatenate([extreme(space, False), extreme(space, True), random])
    return [space.decode(row) for row in tokens.tolist()]


@pytest.mark.parametrize("name", CASES)
def test_it_builds_and_takes_a_step(name, times, figures):
    case, large = CASES[name], times > 1
    space, shape = case.space, case.input_shape
    found = drawn(space, MANY[large])
    if not space.buildable:
        with pytest.raises(InvalidValue, match="describes no networks"):
            space.build(found[0], shape, case.outputs)
        return
    tiny = (shape[0], 8, 8) if len(shape) == 3 else shape
    costs = [space.cost(each, tiny, 10) for each in found]
    assert all(cost.parameters > 0 and cost.flops > 0 for cost in costs)
    order = np.argsort([cost.parameters for cost in costs])
    picked = {int(order[0]), int(order[-1])} if large else {0}
    for place in sorted({*picked, *range(2, 2 + STEPS[large])}):
        take_a_step(space, found[place], tiny, costs[place])
    sizes = [costs[place].parameters for place in (order[0], order[-1])]
    figures(space=name, architectures=len(found), parameters=sizes)


def take_a_step(space, architecture, shape, cost):
    """Forward, backward, and the optimiser, with two examples."""
    torch.manual_seed(0)
    child = space.build(architecture, shape, 10).train()
    assert sum(each.numel() for each in child.parameters()) == cost.parameters
    weights = [each for each in child.parameters() if each.requires_grad]
    logits = space.try_out(child, shape, 2, "cpu")
    assert torch.isfinite(logits).all()
    logits.square().sum().backward()
    torch.optim.SGD(weights, 0.01).step()
    assert all(torch.isfinite(each).all() for each in weights)


HUGE = [
    {"name": "convolutional", "layers": 10**9},
    {"name": "convolutional", "layers": 2, "filters": [10**9]},
    {"name": "convolutional", "layers": 2, "filters": [10**5, 10**6]},
    {"name": "convolutional", "layers": 2, "filter_sizes": [10**6 + 1]},
    {"name": "convolutional", "layers": 2, "block": 10**9},
    {"name": "nas_bench_201", "filters": 10**9},
    {"name": "nas_bench_201", "cells": 10**9},
    {"name": "staged", "filters": [10**9]},
]


@pytest.mark.parametrize("space", HUGE, ids=str)
def test_what_is_too_large_is_refused_before_anything_is_allocated(space, bounded):
    task, settings = TINY["task"], dict(space)
    try:
        made = Problem(task, settings.pop("name"), recipe=TINY["recipe"], device="cpu", **settings)
        ((_, found),) = made.evaluate([extreme(made.space, True)[0].tolist()])
    except (InvalidValue, TypeError) as error:
        assert "\n" not in str(error)
    else:
        assert found.status == "too_large", found
