"""The drawing of a staged architecture."""

from __future__ import annotations

from search_spaces._decisions import Vertex
from search_spaces.staged._architecture import StagedArchitecture


def draw(architecture: StagedArchitecture, whitening: int, last_pooling: str) -> tuple[Vertex, ...]:
    """Return the boxes of the image, its patches, the layers and the classifier.

    Args:
        architecture: Architecture to draw.
        whitening: Side of the patches that are whitened; 0 for none.
        last_pooling: Global pooling before the classifier, ``"maximum"`` or ``"average"``.
    """
    vertices = [Vertex("image", "", "input")]
    if whitening:
        vertices.append(Vertex("whitening", f"{whitening}x{whitening}", "whitening", (0,)))
    before = len(vertices) - 1  # the box that layer 1 reads; layer n has box before + n
    for number, layer in enumerate(architecture.layers, start=1):
        label = f"{layer.filter_size}x{layer.filter_size}, {layer.filters}"
        read = tuple(before + i for i in (*layer.skips, number - 1))
        stage = f"stage {architecture.stage(number) + 1}"
        vertices.append(
            Vertex(f"{number}", f"{label}, pooled" if layer.pool else label, stage, read)
        )
    end = Vertex("classifier", f"{last_pooling} pool, linear", "output", (len(vertices) - 1,))
    return (*vertices, end)
