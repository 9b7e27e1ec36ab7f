"""The source of a staged network: a line for each layer, as a person would write it."""

from __future__ import annotations

from collections.abc import Iterator

from search_spaces._source import Normalisation, Source, block, call, comment, listed
from search_spaces.staged._architecture import StagedArchitecture, StagedLayer
from search_spaces.staged._network import Construction, plan

LAYER = """
    class Layer(nn.Module):
        \"\"\"Convolution, pooling where there is one, batch normalisation, activation.\"\"\"

        def __init__(self, channels: int, filters: int, side: int, pools: bool = False):
            super().__init__()
            self.conv = nn.Conv2d(channels, filters, side, padding=side // 2, bias=False)
            self.norm = nn.BatchNorm2d(filters{arguments}){scales}
            self.pools = pools

        def forward(self, x: Tensor) -> Tensor:
            x = self.conv(x)
            return functional.{activation}(self.norm(halve(x) if self.pools else x))
"""
HALVE = """
    def halve(x: Tensor) -> Tensor:
        \"\"\"Halve the height and the width of a map; a side of one pixel stays.\"\"\"
        return functional.max_pool2d(x, (min(2, x.shape[2]), min(2, x.shape[3])))
"""
JOIN = """
    def join(*maps: Tensor) -> Tensor:
        \"\"\"Join maps of one size in depth.\"\"\"
        return torch.cat(maps, dim=1)
"""
FIXED_SCALES = "\n            self.norm.weight.requires_grad_(False)  # it is 1"
POOLED = {"maximum": "amax", "average": "mean"}


def write_source(
    architecture: StagedArchitecture,
    settings: Construction,
    input_shape: tuple[int, ...],
    outputs: int,
    normalisation: Normalisation,
) -> Source:
    """Return the source of a network; see :class:`StagedNetwork` for the arguments."""
    channels, height, width = input_shape
    count = len(architecture.layers)
    layers = [(f"layer {n}", f"network.layers[{n - 1}]") for n in range(1, count + 1)]
    first = [("whitening", "network.whitening")] if settings.whitening else []
    scales = "" if settings.norm_scales else FIXED_SCALES
    layer = block(LAYER).replace("{scales}", scales.replace("\n    ", "\n"))
    definitions = [
        "\n".join([*_constructor(architecture, settings, channels, outputs), ""])
        + "\n"
        + "\n".join(_forward(architecture, settings)),
        layer.format(arguments=normalisation.arguments, activation=settings.activation),
        block(HALVE),
        *([block(JOIN)] if any(layer.skips for layer in architecture.layers) else []),
    ]
    return Source(
        f"A network of {count} convolution{'s' * (count > 1)} in stages: images of "
        f"{height}x{width} with {channels} channel{'s' * (channels > 1)}, {outputs} classes",
        ("from torch.nn import functional",),
        "\n\n\n".join(definitions),
        (f"torch.zeros(2, {channels}, {height}, {width})",),
        (*first, *layers, ("classifier", "network.classifier")),
    )


def _constructor(
    architecture: StagedArchitecture, settings: Construction, channels: int, outputs: int
) -> Iterator[str]:
    yield "class Network(nn.Module):"
    yield '    """A chain of convolutions in stages, global pooling, a linear classifier."""'
    yield ""
    yield f"    def __init__(self, outputs: int = {outputs}):"
    yield "        super().__init__()"
    if side := settings.whitening:
        filters = 2 * channels * side * side
        yield "        # fitted to the training images, and not trained:"
        yield f"        self.whitening = nn.Conv2d({channels}, {filters}, {side})"
        yield "        self.whitening.weight.requires_grad_(False)"
        channels = filters
    yield "        self.layers = nn.ModuleList("
    yield "            ["
    inputs, widths, _ = plan(architecture, channels)
    for number, layer in enumerate(architecture.layers, start=1):
        yield comment(_about(number, layer, inputs[number - 1]), indent=16)
        numbers = [str(n) for n in (widths[number - 1], layer.filters, layer.filter_size)]
        arguments = [*numbers, *(["pools=True"] if layer.pool else [])]
        yield f"                Layer({', '.join(arguments)}),"
    yield "            ]"
    yield "        )"
    features = architecture.layers[-1].filters
    yield f"        self.classifier = nn.Linear({features}, outputs, bias=False)"


def _about(number: int, layer: StagedLayer, inputs: tuple[int, ...]) -> str:
    """Return ``layer 3: 3x3, 64 filters, pooled, reads 1 and 2``."""
    words = [f"{layer.filter_size}x{layer.filter_size}", f"{layer.filters} filters"]
    words += ["pooled"] * layer.pool + [f"reads {listed(inputs)}"] * bool(layer.skips)
    return f"layer {number}: {', '.join(words)}"


def _forward(architecture: StagedArchitecture, settings: Construction) -> Iterator[str]:
    yield "    def forward(self, x0: Tensor) -> Tensor:"
    yield '        """Turn images (batch, channels, height, width) into logits (batch, outputs)."""'
    yield "        layer = dict(enumerate(self.layers, start=1))"
    if settings.whitening:
        yield f"        x0 = functional.{settings.activation}(self.whitening(x0))"
    inputs, _, halved = plan(architecture, 0)
    for number, read in enumerate(inputs, start=1):
        names, before = [f"x{i}" for i in read], f"x{number} = layer[{number}]("
        line = call(f"{before}join(", names, "))", indent=8)
        if len(names) == 1:
            yield f"        {before}{names[0]})"
        elif "\n" in line:
            yield call("joined = join(", names, ")", indent=8)
            yield f"        {before}joined)"
        else:
            yield line
        yield from (f"        x{i} = halve(x{i})" for i in halved.get(number, ()))
    pooled = f"x{len(inputs)}.{POOLED[settings.last_pooling]}(dim=(2, 3))"
    yield f"        return self.classifier({pooled}) / {settings.temperature!r}"
