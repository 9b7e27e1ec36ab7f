"""The drawing of a network with the shapes and the parameters of its boxes."""

from __future__ import annotations

import numpy as np
import pytest

from nas_env.drawing import draw_graph, text_graph
from nas_env.drawing._parts import Text
from nas_env.tasks import make_task
from search_spaces import make_space

SPACES = {
    "strides": {"name": "convolutional", "layers": 5, "strides": [1, 2, 3]},
    "blocks": {"name": "convolutional", "layers": 5, "pooling": [2, 4], "block": 3},
    "before": {"name": "convolutional", "layers": 3, "layer_order": "norm-relu-conv"},
    "staged": {"name": "staged"},
    "no whitening": {"name": "staged", "whitening": 0},
}


@pytest.mark.parametrize("spec", SPACES.values(), ids=SPACES)
def test_the_parameters_of_the_boxes_are_those_of_the_network(spec):
    space = make_space(spec)
    for seed in range(5):
        architecture = space.decode(space.sample(np.random.default_rng(seed)))
        boxes = space.sized_graph(architecture, (3, 24, 32), 7)
        cost = space.cost(architecture, (3, 24, 32), 7)
        assert sum(box.parameters or 0 for box in boxes) == cost.parameters
        assert (boxes[0].shape, boxes[-1].shape) == ("24x32x3", "7")
        plain = [box._replace(shape="", parameters=None) for box in boxes]
        assert tuple(plain) == space.graph(architecture)


def test_shapes_are_halved_where_the_maps_are_pooled():
    space = make_space(SPACES["blocks"])
    boxes = space.sized_graph(space.decode([0] * space.length()), (3, 32, 32), 10)
    sides = [box.shape.split("x")[0] for box in boxes]
    assert sides == ["32", "32", "32", "16", "16", "8", "10"]


def test_a_space_that_knows_no_sizes_draws_what_it_drew():
    space = make_space({"name": "nas_bench_201"})
    cell = space.decode([1] * space.length())
    assert space.sized_graph(cell, (3, 32, 32), 10) == space.graph(cell)


def test_the_columns_stand_beside_the_boxes():
    space = make_space({"name": "convolutional", "layers": 5})
    boxes = space.sized_graph(space.decode([1] * space.length()), (3, 32, 32), 10)
    places = {text.text: text.y for text in texts_of(draw_graph(boxes))}
    for box in boxes[1:-1]:
        assert places[f"{box.parameters:,}"] == pytest.approx(places[box.name])
    assert places["output"] == places["parameters"] < places["image"]
    assert "output" not in {text.text for text in texts_of(draw_graph(boxes, slots=9))}


def test_the_text_has_the_sizes_too():
    space = make_space({"name": "convolutional", "layers": 2})
    network = space.decode([0] * space.length())
    lines = text_graph(space.sized_graph(network, (3, 32, 32), 10)).splitlines()
    assert lines[1].split() == ["1", "1x1,", "24", "32x32x24", "120", "<-", "image"]
    assert lines[0].split() == ["image", "32x32x3"] and not any(
        line.endswith(" ") for line in lines
    )


def texts_of(drawing):
    return [part for part in drawing.parts if isinstance(part, Text)]


def test_a_task_that_trains_knows_the_sizes_and_one_that_does_not_draws_none():
    space = make_space({"name": "convolutional", "layers": 3})
    network = space.decode([0] * space.length())
    assert make_task("digits").graph(space, network)[0].shape == "8x8x1"
    landscape = make_task("nk_landscape")
    choices = make_space(dict(landscape.space or {}))
    drawn = landscape.graph(choices, choices.decode([0] * choices.length()))
    assert not any(box.shape for box in drawn)
