"""Hundreds of random architectures of every space: what a person looks for in a drawing holds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from nas_env.drawing import draw_graph, suitable_layout
from nas_env.drawing._boxes import box_width
from nas_env.drawing._chain import chain_layout
from nas_env.drawing._layers import layers_layout
from nas_env.drawing._palette import PAPER
from nas_env.drawing._parts import Shape
from search_spaces import make_space
from tests._canvas import texts_amiss

SPACES = {
    "4 layers": {"name": "convolutional", "layers": 4},
    "6 layers with strides": {"name": "convolutional", "layers": 6, "strides": [1, 2, 3]},
    "15 layers": {"name": "convolutional", "layers": 15},
    "20 layers": {"name": "convolutional", "layers": 20, "strides": [1, 2]},
    "13 blocks": {"name": "convolutional", "layers": 13, "pooling": [4, 8], "block": 3},
    "in stages": {"name": "staged"},
    "16 in stages": {"name": "staged", "layers": 16},
    "cell of 2": {"name": "recurrent_cell", "base": 2},
    "cell of 8": {"name": "recurrent_cell", "base": 8},
    "cell of 16": {"name": "recurrent_cell", "base": 16},
    "NAS-Bench-201": {"name": "nas_bench_201"},
    "choices": {"name": "choices", "options": [2, 2, 5, 100]},
}
EACH = 20


@pytest.fixture(scope="module", params=SPACES, ids=list(SPACES))
def graphs(request):
    """The drawings of random architectures of a space, with shapes and parameters."""
    space, rng = make_space(SPACES[request.param]), np.random.default_rng(0)
    found = [space.decode(space.sample(rng)) for _ in range(EACH)]
    return [space.sized_graph(architecture, (3, 32, 32), 10) for architecture in found]


def test_texts_stay_on_the_canvas_and_do_not_touch(graphs):
    for vertices in graphs:
        figure = draw_graph(vertices, "A title that says something", ["0.9123, 1,234 parameters"])
        assert texts_amiss(figure) == []


def layout_of(vertices):
    """The layout that a drawing has."""
    if suitable_layout(vertices) == "chain":
        return chain_layout(vertices)
    return layers_layout(vertices, box_width(vertices))


def test_boxes_do_not_touch(graphs):
    for layout in map(layout_of, graphs):
        width, height = layout.box
        for (x, y), (u, v) in combinations(layout.centres, 2):
            assert abs(x - u) >= width - 1e-9 or abs(y - v) >= height - 1e-9


def test_there_are_as_many_looks_of_lines_as_sources(graphs):
    for vertices in graphs:
        sources = {wire.source for wire in layout_of(vertices).wires}
        parts = draw_graph(vertices).parts
        looks = {(p.edge, p.dashes) for p in parts if isinstance(p, Shape) and p.fill == "none"}
        assert len(looks - {(PAPER, ())}) == len(sources)


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "convolutional", "layers": 110},
        {"name": "staged", "layers": 64},
        {"name": "recurrent_cell", "base": 64},
    ],
    ids=lambda spec: spec["name"],
)
def test_the_largest_networks_have_room(spec):
    space = make_space(spec)
    tokens = [0] * space.length()
    for place, decision in enumerate(space.decisions):
        tokens[place] = int(decision.source is not None and place % 29 == 0)
    figure = draw_graph(space.graph(space.decode(tokens)), "A title")
    assert texts_amiss(figure) == [] and max(figure.get_size_inches()) < 42


def test_the_lines_of_a_cell_do_not_cross():
    space, rng = make_space({"name": "recurrent_cell", "base": 8}), np.random.default_rng(1)
    for _ in range(40):
        vertices = space.graph(space.decode(space.sample(rng)))
        assert crossings(layers_layout(vertices, 1.0)) == 0


def crossings(layout):
    """How often two lines cross between one row and the next."""
    steps = [
        (wire.points[place], wire.points[place + 1])
        for wire in layout.wires
        for place in range(0, len(wire.points) - 1, 2)
    ]
    return sum(
        a[1] == c[1] and b[1] == d[1] and (a[0] - c[0]) * (b[0] - d[0]) < -1e-9
        for (a, b), (c, d) in combinations(steps, 2)
    )
