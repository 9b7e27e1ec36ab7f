"""The lines of a picture: no two of different meaning look alike."""

from __future__ import annotations

from itertools import combinations, pairwise

import matplotlib.colors
import numpy as np
import pytest

from nas_env.drawing._palette import LINES, WIRE, line_style


def oklab(colour: str) -> np.ndarray:
    """Lightness and two axes of colour in which equal distances look equal (Ottosson 2020)."""
    rgb = np.array(matplotlib.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    cones = np.array(
        [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]]
    ) @ linear  # fmt: skip
    return np.array(
        [[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]
    ) @ np.cbrt(cones)  # fmt: skip


def luminance(colour: str) -> float:
    rgb = np.array(matplotlib.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_no_two_sources_have_lines_of_one_style():
    assert len({line_style(source) for source in (None, *range(1_000))}) == 1_001


def test_sources_of_one_colour_have_other_dashes():
    assert not any(line_style(source).dashes for source in range(len(LINES)))
    for first, second in combinations(range(100), 2):
        one, other = line_style(first), line_style(second)
        assert one.colour != other.colour or one.dashes != other.dashes


@pytest.mark.parametrize("colour", LINES)
def test_white_is_readable_on_the_colour_of_a_line(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5  # WCAG 2.1, contrast of small text


def test_the_colours_of_lines_are_far_apart():
    distances = [
        (float(np.linalg.norm(oklab(a) - oklab(b))), a, b)
        for a, b in combinations((*LINES, WIRE), 2)
    ]
    assert min(distances)[0] > 0.08, min(distances)
    neighbours = pairwise(LINES)
    assert min(float(np.linalg.norm(oklab(a) - oklab(b))) for a, b in neighbours) > 0.14
