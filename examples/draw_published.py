"""Draw a network of the literature: by default that of Zoph & Le 2017, without strides.

python -m examples.draw_published docs/published.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

from nas_env import drawing
from search_spaces import make_space, published_architecture


def main() -> None:
    """Draw a network into a PNG or SVG file, with its cost on one 32x32 colour image."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="the picture, .png or .svg")
    parser.add_argument("--name", default="zoph_le_2017_v1", help="name of the published network")
    options = parser.parse_args()

    description = published_architecture(options.name)
    space = make_space({"name": description["space"], "layers": len(description["layers"])})
    network = space.parse(description)
    cost = space.cost(network, (3, 32, 32), 10)
    notes = [f"{cost.parameters:,} parameters, {cost.flops / 2e9:.2f} GMAC an image"]
    boxes = space.sized_graph(network, (3, 32, 32), 10)
    drawing.save(drawing.draw_graph(boxes, options.name, notes), options.path)
    print(f"{options.path}: {notes[0]}")


if __name__ == "__main__":
    main()
