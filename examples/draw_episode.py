"""Draw the moments of an episode as a film strip: a network of the digits as it is designed.

python -m examples.draw_episode docs/episode.svg
"""

from __future__ import annotations

import argparse
from pathlib import Path

from nas_env import drawing
from nas_env.env.film import draw_strip
from search_spaces import make_space

#: Three layers: filter height and width, number of filters, then which earlier layers are read.
TOKENS = (2, 1, 1, 1, 1, 2, 1, 1, 2, 3, 1, 1)


def main() -> None:
    """Draw the strip into a PNG or SVG file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="the picture, .png or .svg")
    path = parser.parse_args().path

    space = make_space({"name": "convolutional", "layers": 3, "filters": [6, 12, 24, 36]})
    strip = draw_strip(space, TOKENS, pictures=3, result="finished: now it is trained")
    drawing.save(strip, path)
    print(path)


if __name__ == "__main__":
    main()
