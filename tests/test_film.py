"""An episode as a film and as a strip."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from PIL import Image

from nas_env import drawing
from nas_env.env.film import _some, draw_strip, save_film
from search_spaces import make_space
from tests._canvas import texts_amiss

SPACES = {
    "convolutional": {"name": "convolutional", "layers": 3},
    "staged": {"name": "staged", "layers": 3},
    "recurrent_cell": {"name": "recurrent_cell", "base": 2},
    "nas_bench_201": {"name": "nas_bench_201"},
    "choices": {"name": "choices"},
}


@pytest.fixture(params=SPACES)
def space(request):
    return make_space(SPACES[request.param])


def test_a_film_has_a_picture_for_each_decision_and_all_are_of_one_size(space, tmp_path):
    tokens = space.sample(np.random.default_rng(0))
    save_film(space, tokens, tmp_path / "a.gif", "reward 0.5")
    with Image.open(tmp_path / "a.gif") as film:
        assert getattr(film, "n_frames", 1) == len(tokens) + 1
        assert film.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    save_film(space, tokens, tmp_path / "b.gif", "reward 0.5")
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


def test_a_film_of_the_papers_first_depth_is_small(tmp_path):
    space = make_space({"name": "convolutional", "layers": 6})
    save_film(space, space.sample(np.random.default_rng(0)), tmp_path / "a.gif")
    assert space.length() == 33 and (tmp_path / "a.gif").stat().st_size < 1_000_000


def test_a_film_shows_what_the_environment_renders(tmp_path):
    environment = gymnasium.make("NAS-Digits-v0", render_mode="rgb_array")
    environment.reset()
    environment.step(1)
    rendered = np.asarray(environment.render())
    environment.close()
    space = make_space({"name": "convolutional", "layers": 4, "filters": [6, 12, 24, 36]})
    save_film(space, [1] * space.length(), tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as film:
        film.seek(1)
        shown = np.asarray(film.convert("RGB"))
    assert shown.shape == rendered.shape
    assert np.abs(shown.astype(int) - rendered).mean() < 2  # the palette is smaller


def test_a_strip_begins_before_the_first_decision_and_ends_with_the_last(space):
    tokens = space.sample(np.random.default_rng(0))
    strip = draw_strip(space, tokens, 4, "An episode", "reward 0.5")
    titles = [text.get_text() for text in strip.axes[0].texts if "decision" in text.get_text()]
    assert titles[0] == f"decision 0 of {len(tokens)}"
    assert titles[-1] == f"decision {len(tokens)} of {len(tokens)}"
    assert len(titles) <= 4
    assert texts_amiss(strip) == []
    assert "reward 0.5" in drawing.to_svg(strip)


def test_a_strip_goes_on_in_the_next_row():
    one = drawing.draw_graph((), "one", slots=3, layout="chain")
    row, rows = (drawing.draw_strip([one] * 4, columns=n) for n in (0, 2))
    assert row.get_size_inches().tolist() == [
        4 * one.get_size_inches()[0],
        one.get_size_inches()[1],
    ]
    assert rows.get_size_inches().tolist() == [2 * side for side in one.get_size_inches()]


def test_moments_are_spread_evenly():
    assert _some(range(5), 9) == [0, 1, 2, 3, 4]
    assert _some(range(101), 3) == [0, 50, 100]
    assert _some(range(101), 1) == [100]


def test_a_prefix_shows_what_is_decided(space):
    tokens = space.sample(np.random.default_rng(0))
    for length in range(len(tokens) + 1):
        boxes, used = space.graph_prefix(tokens[:length])
        assert 0 <= used <= length
        assert all(parent < place for place, box in enumerate(boxes) for parent in box.parents)
    whole = space.graph(space.decode(tokens)), len(tokens)
    assert space.graph_prefix(tokens) == whole


def test_a_film_has_another_ending(tmp_path):
    with pytest.raises(ValueError, match=r"'a.mp4', expected \.gif"):
        drawing.save_film([np.zeros((16, 16, 3), np.uint8)], tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())
