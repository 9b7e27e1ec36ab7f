from __future__ import annotations

import subprocess
import sys
from typing import Any

import matplotlib
import numpy as np
import pytest

from nas_env.drawing import draw_curve, draw_graph, save, suitable_layout, text_graph, to_rgb
from nas_env.drawing._chain import chain_layout
from nas_env.drawing._layers import layers_layout
from search_spaces import Vertex, make_space, published_architecture
from tests._canvas import texts_outside

SPACE = make_space({"name": "convolutional", "layers": 6})
TOKENS = SPACE.sample(np.random.default_rng(0))
SLOTS = 8  # the image, six layers, the classifier


def network(layers=6):
    return SPACE.graph(SPACE.decode(TOKENS[: SPACE.length(layers)]))


def published():
    space = make_space({"name": "convolutional", "layers": 15})
    return space.graph(space.parse(published_architecture("zoph_le_2017_v1")))


def tree(leaves=8):
    """Two inputs that feed every leaf, and a binary tree of what the leaves put out."""
    vertices = [Vertex("x", "", "input"), Vertex("h", "", "input")]
    vertices += [Vertex(str(n), "add, tanh", "add", (0, 1)) for n in range(1, leaves + 1)]
    row = list(range(2, leaves + 2))
    while len(row) > 1:
        pairs = list(zip(row[::2], row[1::2], strict=True))
        row = list(range(len(vertices), len(vertices) + len(pairs)))
        vertices += [
            Vertex(str(n - 1), "add, relu", "add", p) for n, p in zip(row, pairs, strict=True)
        ]
    return (*vertices, Vertex("new h", "", "output", (row[0],)))


def overlap(layout):
    """Whether two boxes of a layout touch."""
    width, height = layout.box
    return any(
        abs(x - u) < width and abs(y - v) < height
        for i, (x, y) in enumerate(layout.centres)
        for u, v in layout.centres[:i]
    )


# -- graphs --------------------------------------------------------------------------------------
@pytest.mark.parametrize("layout", ["auto", "chain", "layers"])
@pytest.mark.parametrize("vertices", [(), network(1), network(), published(), tree()], ids=len)
def test_every_graph_is_drawn_in_every_layout(vertices, layout):
    pixels = to_rgb(draw_graph(vertices, "title", ["a note"], layout=layout))
    assert pixels.dtype == np.uint8 and pixels.flags["C_CONTIGUOUS"]
    assert pixels.shape[2] == 3 and not any(side % 16 for side in pixels.shape[:2])
    assert len(np.unique(pixels)) > 10


@pytest.mark.parametrize("layout", ["auto", "chain", "layers"])
def test_frames_of_an_episode_have_one_shape(layout):
    frames = [((), ["next: layer 1"]), *((network(n), ["x"] * n) for n in range(1, 7))]
    shapes = {
        to_rgb(draw_graph(v, "t", notes, slots=SLOTS, layout=layout)).shape for v, notes in frames
    }
    assert len(shapes) == 1


def test_boxes_keep_their_places_while_the_architecture_grows():
    whole = chain_layout(network(), SLOTS)
    for layers in range(1, 6):
        part = chain_layout(network(layers), SLOTS)
        assert part.centres[:-1] == whole.centres[: layers + 1]
        assert part.centres[-1] == whole.centres[-1]
        assert len(part.centres) + len(part.blanks) == SLOTS
        assert part.size == whole.size


@pytest.mark.parametrize("notes", [[], ["one"], ["long " * 200], ["many"] * 20])
def test_notes_do_not_change_the_size_of_a_frame(notes):
    assert to_rgb(draw_graph(network(), notes=notes, slots=SLOTS)).shape == (624, 432, 3)


def test_long_notes_are_wrapped_where_the_size_is_free():
    short, long = (to_rgb(draw_graph((), notes=["word " * n])) for n in (5, 200))
    assert long.shape[0] > short.shape[0] and long.shape[1] == short.shape[1]


def test_a_chain_draws_every_edge_once():
    vertices = published()
    layout = chain_layout(vertices)
    steps = [wire for wire in layout.wires if wire.arrow and wire.source is not None]
    taps = {(y, source) for (_, y), source in layout.taps}
    assert len(steps) == 16  # each layer and the classifier read the one before
    assert len(layout.taps) == len(taps) == sum(len(v.parents) for v in vertices) - 16


def test_every_tap_lies_on_its_sources_line_and_on_no_others():
    layout = chain_layout(published())
    lines = {w.points[-1][0]: w for w in layout.wires if w.source is not None and not w.arrow}
    assert len(lines) == len({wire.source for wire in lines.values()})
    for (x, y), source in layout.taps:
        assert lines[x].source == source
        assert lines[x].points[0][1] < y <= lines[x].points[-1][1]


def test_layers_draw_every_edge_and_no_box_over_another():
    for vertices in (tree(), published(), network()):
        layout = layers_layout(vertices, 1.0)
        assert len(layout.wires) == sum(len(vertex.parents) for vertex in vertices)
        assert not overlap(layout)
        for wire in layout.wires:
            assert wire.points[0][1] < wire.points[-1][1]


def test_a_tree_is_drawn_in_layers_and_a_chain_of_layers_as_a_chain():
    assert suitable_layout(tree()) == "layers"
    assert suitable_layout(published()) == suitable_layout(network()) == "chain"
    fan = [Vertex("x", "", "input"), *(Vertex(str(n), "", "add", (0,)) for n in range(8))]
    assert suitable_layout(fan) == "layers"
    layers = [box._replace(label="3x3, 24") if box.kind == "add" else box for box in fan]
    assert suitable_layout(layers) == "chain"  # as all networks of its space


def test_one_edge_more_is_seen():
    vertices = list(network())
    before = to_rgb(draw_graph(vertices))
    absent = next(p for p in range(1, 5) if p not in vertices[6].parents)
    vertices[6] = vertices[6]._replace(parents=(*vertices[6].parents, absent))
    after = to_rgb(draw_graph(vertices))
    assert before.shape != after.shape or (before != after).any()


def test_kinds_differ_in_colour():
    one = [Vertex("1", "3x3", "convolution"), Vertex("2", "3x3", "convolution", (0,))]
    two = [one[0], one[1]._replace(kind="pooling")]
    frames = [to_rgb(draw_graph(vertices, slots=2)) for vertices in (one, two)]
    assert (frames[0] != frames[1]).any()


def test_odd_texts_are_drawn_as_they_are():
    vertices = [Vertex("$x^", "$\\frac{1}", "kind_" * 40), Vertex("n" * 90, "w" * 500, "b", (0,))]
    assert to_rgb(draw_graph(vertices, "$" + "t" * 500, ["$\\bad{", "", "u" * 500])).any()


@pytest.mark.parametrize("slots", [0, 7])
def test_too_few_slots_are_refused(slots):
    with pytest.raises(ValueError, match=f"slots is {slots}, expected at least 8"):
        draw_graph(network(), slots=slots)


def test_a_vertex_before_its_parent_is_refused():
    with pytest.raises(ValueError, match="vertex 0 \\(a\\) has parent 1"):
        draw_graph([Vertex("a", "", "", (1,)), Vertex("b", "", "")])


# -- text ----------------------------------------------------------------------------------------
def test_the_text_has_a_line_for_each_vertex_with_what_it_reads():
    vertices = published()
    title, *lines, note = text_graph(vertices, "v1", ["15 layers"]).splitlines()
    assert (title, note) == ("v1", "15 layers")
    for vertex, line in zip(vertices, lines, strict=True):
        box, _, read = line.partition("  <- ")
        assert box.split() == [vertex.name, *vertex.label.split()]
        assert [name for name in read.split(", ") if name] == [
            vertices[parent].name for parent in vertex.parents
        ]


def test_the_text_of_nothing_and_of_twins():
    assert text_graph((), "t", ["n"]) == "t\nn"
    twins = [Vertex("add", "", "a"), Vertex("add", "", "a", (0,)), Vertex("add", "", "a", (1,))]
    assert text_graph(twins).splitlines()[-1].split() == ["3.", "add", "<-", "2.", "add"]


# -- curves --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "rewards",
    [[], [0.5], [np.nan], [0.1, np.nan, np.inf, 0.3], [0.5] * 300, np.arange(3.0)],
    ids=repr,
)
@pytest.mark.parametrize("control", [None, [], [0.2, np.nan, 0.4]], ids=repr)
@pytest.mark.filterwarnings("error")
def test_curves_are_drawn(rewards, control):
    assert to_rgb(draw_curve(rewards, control)).shape == (464, 720, 3)


def test_a_curve_names_its_searches_and_their_best():
    figure = draw_curve([0.1, np.nan, 0.7, 0.2], [0.3, 0.4], "evolution", "evolution")
    legend = figure.axes[0].get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels[1:3] == ["evolution: mean of the last 5", "evolution: best so far, 0.7"]
    assert labels[-1] == "evolution: best so far, 0.4"


# -- nothing is cut ------------------------------------------------------------------------------
LONG = "my_package.my_module:RegularisedEvolutionWithManyWords"


def sampled(name, **settings):
    """A sampled architecture of a space."""
    space = make_space({"name": name, **settings})
    return space.graph(space.decode(space.sample(np.random.default_rng(0))))


GRAPHS = {
    "nothing": (),
    "one layer": network(1),
    "skips": network(),
    "published": published(),
    "40 layers": sampled("convolutional", layers=40),
    "blocks": sampled("convolutional", layers=5, pooling=[2], block=3),
    "cell of NAS-Bench-201": sampled("nas_bench_201"),
    "recurrent cell": sampled("recurrent_cell"),
    "tree": tree(32),
    "20 kinds": [
        Vertex(str(i), "label " * i, f"kind {i} " * 4, (i - 1,) if i else ()) for i in range(20)
    ],
    "long": [Vertex("n" * 90, "w" * 500, "a" * 90), Vertex("$x^", "$\\frac{1}", "b" * 90, (0,))],
}


@pytest.mark.parametrize("slots", [False, True])
@pytest.mark.parametrize("layout", ["auto", "chain", "layers"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_no_text_of_an_architecture_leaves_its_canvas(graph, layout, slots):
    vertices = GRAPHS[graph]
    title, notes = f"The best so far of {LONG} " * 4, ["w" * 300, "iiii " * 100, "-" * 300]
    room = len(vertices) + 3 if slots else None
    assert texts_outside(draw_graph(vertices, title, notes, slots=room, layout=layout)) == []
    assert texts_outside(draw_graph(vertices, "t", ["a note"], slots=room, layout=layout)) == []


CURVES = {
    "empty": [],
    "one": [0.5],
    "best at the end": [*np.linspace(0.1, 0.5, 199), 0.94],
    "large": np.linspace(1, 5, 50) * 1e12,
    "small": np.linspace(1, 5, 50) * 1e-12,
    "negative": -np.linspace(1, 5, 500),
    "many": np.resize([0.1, 0.9, 0.5], 100_000),
}


@pytest.mark.parametrize("control", [None, "random search", LONG])
@pytest.mark.parametrize("label", ["reinforce_tabular", LONG])
@pytest.mark.parametrize("curve", CURVES)
def test_no_text_of_a_curve_leaves_its_canvas(curve, label, control):
    rewards = CURVES[curve]
    other = None if control is None else rewards
    assert texts_outside(draw_curve(rewards, other, label, control or "")) == []


def test_names_that_fit_a_curves_legend_are_written_out():
    figure = draw_curve([0.1], [0.2], "reinforce_tabular")
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert legend.get_texts()[0].get_text() == "reinforce_tabular: each child"


# -- files ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["a.png", "a.svg", "deep/er/a.PNG"])
def test_equal_pictures_have_equal_bytes(tmp_path, name):
    for figure in (lambda: draw_graph(published(), "v1"), lambda: draw_curve([0.1, 0.2], [0.3])):
        for run in ("first", "second"):
            save(figure(), tmp_path / run / name)
        first, second = ((tmp_path / run / name).read_bytes() for run in ("first", "second"))
        assert first == second and len(first) > 1000
        assert len(list((tmp_path / "first" / name).parent.iterdir())) == 1  # nothing half done


def test_a_users_matplotlib_settings_change_nothing():
    theirs: dict[Any, Any] = {
        "font.size": 20,
        "axes.facecolor": "black",
        "lines.linewidth": 9,
        "axes.grid": True,
    }
    for figure in (lambda: draw_graph(network(), "t"), lambda: draw_curve([0.1, 0.2], [0.3])):
        plain = to_rgb(figure())
        with matplotlib.rc_context(theirs):
            assert (to_rgb(figure()) == plain).all()


def test_other_file_types_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"'a.gif', expected \.png or \.svg"):
        save(draw_graph(()), tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.png"
    save(draw_graph(()), path)
    before = path.read_bytes()
    figure = draw_graph(network())
    figure.text(0, 0, "$\\not_mathematics{$")
    with pytest.raises(ValueError):
        save(figure, path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_matplotlib_waits_for_the_first_picture():
    code = (
        "import sys, nas_env.drawing as d; assert 'matplotlib' not in sys.modules; "
        "d.to_rgb(d.draw_graph(())); d.draw_curve([1.0]); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
