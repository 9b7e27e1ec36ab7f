"""Draws random networks of every search space: docs/gallery.md and its pictures.

python -m benchmarks.gallery

The networks follow from their seeds, so the same command gives the same files.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nas_env import drawing
from nas_env.command_line.program import command
from nas_env.env.film import draw_strip, save_film
from search_spaces import SearchSpace, make_space

PAGE, FOLDER = "gallery.md", "gallery"
SHOWN, LARGEST = 0.8, 720  # share of a picture's own size on the page, and pixels
INPUT, OUTPUTS = (3, 32, 32), 10  # of CIFAR-10
VOCABULARY = 10_000  # of the Penn Treebank, which cells read
HEAD = """# Gallery

Ten random networks of each search space, as the reports, the trackers and `nas-show` draw them.
All are made by `python -m benchmarks.gallery`, with nothing moved by hand; every picture is an SVG
of a few kilobytes. (The space `choices` describes no networks, so it has none here.)

A chain of layers is a tower. An arrow leads to the next layer; an output that is read further down
leaves its box to the right and runs down a line in its colour. A grey arrow into a layer joins what
it reads, and the number of each layer that is read stands where its line is tapped. To the left are
the shape of each output (height, width, channels) and the parameters. In a label, `3x5, 48` is a
filter of 3 by 5 pixels, and 48 of them. After twenty lines the colours come back with dashes.
"""
EPISODE = """
## An episode as it is designed

`nas-show RUN --out FILE.gif` shows a network as its episode designed it, one decision after the
other, and `--strip 5` some moments side by side. The pictures are those of the environment's
`render_mode="rgb_array"`.

<img src="gallery/episode.gif" width="432" alt="A network of six layers grows by its decisions">

<img src="gallery/episode.svg" width="720" alt="Six moments of the same episode side by side">

<img src="gallery/cell.svg" width="720" alt="Four moments of the design of a recurrent cell">
"""


@dataclass(frozen=True)
class Options:
    """Draw random networks of every search space.

    Attributes:
        docs: Folder of the page; the pictures are in a folder beside it.
    """

    docs: Path = Path("docs")


class Part(NamedTuple):
    """Networks of one space with one setting.

    Attributes:
        title: Title of each.
        networks: Number of networks.
        settings: Settings of the space.
    """

    title: str
    networks: int
    settings: Mapping[str, Any] = {}


class Group(NamedTuple):
    """Networks of one space.

    Attributes:
        name: Name of the space.
        title: Heading of the page.
        text: Paragraph below the heading.
        parts: The networks.
    """

    name: str
    title: str
    text: str
    parts: Sequence[Part]


BOTH = "8 leaves, both indices the same"
GROUPS = (
    Group(
        "convolutional",
        "Convolutional",
        """
The networks of [sections 3.2 and 3.3](search_space.md) of the paper, of 4 to 20 layers: with skip
connections alone, with strides, and 13 blocks of three convolutions with pooling after the fourth
and the eighth.
""",
        [
            Part("4 layers", 2, {"layers": 4}),
            Part("6 layers", 2),
            Part("6 layers with strides", 1, {"strides": [1, 2, 3]}),
            Part("15 layers", 1, {"layers": 15}),
            Part("15 layers with strides", 1, {"layers": 15, "strides": [1, 2, 3]}),
            Part("20 layers", 2, {"layers": 20}),
            Part("13 blocks", 1, {"layers": 13, "pooling": [4, 8], "block": 3}),
        ],
    ),
    Group(
        "staged",
        "Staged",
        """
Few and wide layers, whose poolings the search places; the first layer whitens patches of the image.
""",
        [Part("8 layers", 7), Part("12 layers", 3, {"layers": 12})],
    ),
    Group(
        "recurrent_cell",
        "Recurrent cells",
        """
The cells of [section 3.4](search_space.md): a tree of operations over the input and the last
output. The memory cₜ₋₁ comes in at `inject`, and the new one is cₜ, taken of a node before its
activation. In the last but one both are at the same node.
""",
        [
            Part("4 leaves", 2, {"base": 4}),
            Part("8 leaves", 6),
            Part(BOTH, 1),
            Part("16 leaves", 1, {"base": 16}),
        ],
    ),
    Group(
        "nas_bench_201",
        "NAS-Bench-201",
        """
Cells of four nodes. A skip connection is an arrow from node to node; an edge without an operation
is not drawn.
""",
        [Part("cell of NAS-Bench-201", 10)],
    ),
)


class Piece(NamedTuple):
    """A network of the gallery."""

    file: str
    title: str
    space: SearchSpace
    tokens: tuple[int, ...]


def pieces(group: Group) -> Iterator[Piece]:
    """Yield the networks of a group."""
    rng, number = np.random.default_rng(0), 0
    for part in group.parts:
        space = make_space({"name": group.name, **part.settings})
        for _ in range(part.networks):
            number += 1
            tokens = space.sample(rng)
            if part.title == BOTH:
                tokens = (*tokens[:-1], tokens[-2])
            yield Piece(f"{group.name}-{number}.svg", part.title, space, tokens)


def draw(piece: Piece) -> drawing.Drawing:
    """Draw a network with its size."""
    space, architecture = piece.space, piece.space.decode(piece.tokens)
    text = space.name == "recurrent_cell"
    shape, outputs = ((), VOCABULARY) if text else (INPUT, OUTPUTS)
    cost = space.cost(architecture, shape, outputs)
    said = f"{cost.parameters:,} parameters"
    if not text:
        said += f", {cost.flops / 2e6:,.0f} million multiplications an image"
    return drawing.draw_graph(space.sized_graph(architecture, shape, outputs), piece.title, [said])


def page() -> str:
    """Return the text of the page."""
    parts = [HEAD.rstrip()]
    for group in GROUPS:
        parts.append(f"\n## {group.title}\n{group.text}")
        parts.extend(_image(piece, group) for piece in pieces(group))
    return "\n".join([*parts, EPISODE])


def _image(piece: Piece, group: Group) -> str:
    width, height = draw(piece).canvas.get_width_height()
    shown = min(LARGEST, round(SHOWN * width))
    size = f'width="{shown}" height="{round(height * shown / width)}"'
    return f'<img src="{FOLDER}/{piece.file}" {size} alt="{group.title}: {piece.title}">'


def measure(options: Options) -> None:
    """Draw all, and write the page."""
    folder = options.docs / FOLDER
    for group in GROUPS:
        for piece in pieces(group):
            drawing.save(draw(piece), folder / piece.file)
            print(folder / piece.file, flush=True)
    rng = np.random.default_rng(3)
    space = make_space({"name": "convolutional", "layers": 6})
    tokens = space.sample(rng)
    save_film(space, tokens, folder / "episode.gif")
    drawing.save(draw_strip(space, tokens, 6, columns=3), folder / "episode.svg")
    cell = make_space({"name": "recurrent_cell", "base": 4})
    drawing.save(draw_strip(cell, cell.sample(rng), 4, columns=2), folder / "cell.svg")
    (options.docs / PAGE).write_text(page(), encoding="utf-8")
    print(options.docs / PAGE)


main = command("python -m benchmarks.gallery", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
