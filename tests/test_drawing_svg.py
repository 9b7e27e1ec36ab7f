"""The SVG of a drawing: small, valid, and with the texts of its figure."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from nas_env.drawing import draw_curve, draw_graph, save_both, to_svg
from nas_env.drawing._svg import _number
from search_spaces import Vertex, make_space

SVG = "{http://www.w3.org/2000/svg}"


def network(layers=20, seed=0, **settings):
    space = make_space({"name": "convolutional", "layers": layers, **settings})
    return space.graph(space.decode(space.sample(np.random.default_rng(seed))))


def test_the_texts_of_the_figure_stand_in_the_file():
    figure = draw_graph(network(4), "A <title> & more", ["a note"])
    root = ElementTree.fromstring(to_svg(figure))
    written = [element.text for element in root.iter(f"{SVG}text")]
    assert written == [text.get_text() for text in figure.axes[0].texts]
    assert "A <title> & more" in written and root.get("aria-label") == "A <title> & more"


def test_the_size_is_that_of_the_figure_on_a_screen():
    figure = draw_graph(network(4))
    root = ElementTree.fromstring(to_svg(figure))
    assert (int(root.get("width", 0)), int(root.get("height", 0))) == (
        figure.canvas.get_width_height()
    )


def test_every_text_has_the_length_that_was_measured():
    root = ElementTree.fromstring(to_svg(draw_graph(network(20))))
    assert all(float(text.get("textLength", 0)) > 0 for text in root.iter(f"{SVG}text"))


def test_a_drawing_of_twenty_layers_is_small():
    assert len(to_svg(draw_graph(network(20)))) < 40_000
    assert len(to_svg(draw_graph(network(4)))) < 6_000


def test_outlines_come_back_to_where_the_figure_has_them():
    figure = draw_graph([Vertex("image", "", "input"), Vertex("1", "3x3", "a", (0,))])
    outlines = re.findall(r'd="(M[^"]*)"', to_svg(figure))
    starts = [tuple(map(float, o[1:].split("l")[0].split("h")[0].split())) for o in outlines[1:]]
    width, height = figure.canvas.get_width_height()
    assert all(0 <= x <= width and 0 <= y <= height for x, y in starts)


@pytest.mark.filterwarnings("ignore:Glyph")
def test_letters_that_xml_does_not_allow_are_left_out():
    figure = draw_graph([Vertex("a\x00b", "\x1b[1m", "input")], "\x07")
    ElementTree.fromstring(to_svg(figure))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.52, ".5"), (-0.52, "-.5"), (12.0, "12"), (0.01, "0"), (-0.01, "0"), (-10.04, "-10"),
     (100.0, "100"), (10.55, "10.6")],
)  # fmt: skip
def test_numbers_are_short(value, text):
    assert _number(value) == text


def test_a_long_curve_is_a_small_file():
    rewards = np.random.default_rng(0).random(5_000).tolist()
    assert len(to_svg(draw_curve(rewards, rewards))) < 400_000


def test_both_files_are_saved_and_no_other_name_is_taken(tmp_path):
    save_both(draw_graph(network(2)), tmp_path / "run-0.5" / "best.png")
    assert {path.name for path in (tmp_path / "run-0.5").iterdir()} == {"best.png", "best.svg"}
    with pytest.raises(ValueError, match=r"'best.svg', expected \.png"):
        save_both(draw_graph(()), tmp_path / "best.svg")
