"""The drawing of a convolutional architecture."""

from __future__ import annotations

from search_spaces._decisions import Vertex
from search_spaces.convolutional._architecture import ConvolutionalArchitecture, ConvolutionalLayer


def draw(architecture: ConvolutionalArchitecture, block: int) -> tuple[Vertex, ...]:
    """Return the boxes of the image, the layers and the classifier.

    Pooling halves everything that is read later, and no connection goes around it. So it has no
    box of its own; the layers after it have boxes of another colour.

    Args:
        architecture: Architecture to draw.
        block: Number of convolutions that a layer stands for.
    """
    vertices = [Vertex("image", "", "input")]
    for number, layer in enumerate(architecture.layers, start=1):
        times = architecture.stage(number)
        pooled = f"pooled to 1/{2**times}" if times else ""
        label = _label(layer, block, pooled)
        vertices.append(Vertex(f"{number}", label, pooled or "convolution", layer.inputs or (0,)))
    return (
        *vertices,
        Vertex("classifier", "average pool, linear", "output", architecture.loose_ends),
    )


def _label(layer: ConvolutionalLayer, block: int, pooled: str) -> str:
    """Return ``7x5, 48``, and what differs from the usual."""
    strides = (layer.stride_height, layer.stride_width)
    words = [f"{layer.filter_height}x{layer.filter_width}", f"{layer.filters}"]
    if strides != (1, 1):
        words.append(f"stride {strides[0]}x{strides[1]}")
    if block > 1:
        words.append(f"{block} times")
    if pooled:
        words.append(pooled)
    return ", ".join(words)
