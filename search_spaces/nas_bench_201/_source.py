"""The source of a network of NAS-Bench-201: the cell as sums of its edges, and its skeleton."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from search_spaces._source import Normalisation, Source, block
from search_spaces.nas_bench_201._identity import EDGES

NETWORK = """
    class Network(nn.Module):
        \"\"\"Three stages of a cell; between them a map is halved, its channels doubled.\"\"\"

        def __init__(self, outputs: int = {outputs}):
            super().__init__()
            self.stem = nn.Sequential(
                nn.Conv2d({colours}, {first}, 3, padding=1, bias=False),
                nn.BatchNorm2d({first}{norm}),
            )
            self.stages = nn.Sequential(
                # stage 1: {cells}
                *[Cell({first}) for _ in range({count})],
                Halving({first}, {second}),
                # stage 2
                *[Cell({second}) for _ in range({count})],
                Halving({second}, {third}),
                # stage 3
                *[Cell({third}) for _ in range({count})],
            )
            self.last = nn.Sequential(
                nn.BatchNorm2d({third}{norm}),
                nn.ReLU(),
            )
            self.classifier = nn.Linear({third}, outputs)

        def forward(self, images: Tensor) -> Tensor:
            \"\"\"Turn images (batch, colours, height, width) into logits (batch, outputs).\"\"\"
            maps = self.last(self.stages(self.stem(images)))
            return self.classifier(maps.mean(dim=(2, 3)))
"""
OTHERS = """
    class ReLUConvNorm(nn.Sequential):
        \"\"\"ReLU, a square convolution of some pixels a side, batch normalisation.\"\"\"

        def __init__(self, inputs: int, outputs: int, side: int, stride: int = 1):
            padding = side // 2
            conv = nn.Conv2d(inputs, outputs, side, stride, padding, bias=False)
            norm = nn.BatchNorm2d(outputs{norm})
            super().__init__(nn.ReLU(), conv, norm)


    class Halving(nn.Module):
        \"\"\"Two 3x3 convolutions, the first of stride 2, parallel to a pooled 1x1.\"\"\"

        def __init__(self, inputs: int, outputs: int):
            super().__init__()
            self.body = nn.Sequential(
                ReLUConvNorm(inputs, outputs, 3, stride=2),
                ReLUConvNorm(outputs, outputs, 3),
            )
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(2, ceil_mode=True),
                nn.Conv2d(inputs, outputs, 1, bias=False),
            )

        def forward(self, x: Tensor) -> Tensor:
            return self.shortcut(x) + self.body(x)
"""
MODULES = {
    "nor_conv_1x1": "ReLUConvNorm(channels, channels, 1)",
    "nor_conv_3x3": "ReLUConvNorm(channels, channels, 3)",
    "avg_pool_3x3": "nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)",
}


def write_source(
    operations: Sequence[str],
    cells: int,
    channels: int,
    input_shape: tuple[int, ...],
    outputs: int,
    normalisation: Normalisation,
) -> Source:
    """Return the source of a network; see :class:`NASBench201Network` for the arguments."""
    colours, height, width = input_shape
    network = block(NETWORK).format(
        outputs=outputs,
        colours=colours,
        first=channels,
        second=2 * channels,
        third=4 * channels,
        count=cells,
        cells=f"{cells} cell{'s' * (cells > 1)}",
        norm=normalisation.arguments,
    )
    others = block(OTHERS).format(norm=normalisation.arguments)
    stages = [
        name
        for stage in (1, 2, 3)
        for name in (
            *(f"stage {stage}, cell {cell}" for cell in range(1, cells + 1)),
            *([f"halving {stage}"] if stage < 3 else []),
        )
    ]
    parts = [(name, f"network.stages[{place}]") for place, name in enumerate(stages)]
    return Source(
        f"A network of cells of NAS-Bench-201: images of {height}x{width}, {outputs} classes",
        (),
        "\n\n\n".join([network, "\n".join(_cell(operations)), others]),
        (f"torch.zeros(2, {colours}, {height}, {width})",),
        (("stem", "network.stem"), *parts, ("classifier", "network.classifier")),
    )


def _cell(operations: Sequence[str]) -> Iterator[str]:
    edges = dict(zip(EDGES, operations, strict=True))
    yield "class Cell(nn.Module):"
    yield '    """Four nodes, of which each is the sum of its edges from earlier ones."""'
    yield ""
    yield "    def __init__(self, channels: int):"
    yield "        super().__init__()"
    modules = {edge: MODULES[name] for edge, name in edges.items() if name in MODULES}
    if modules:
        yield "        self.edges = nn.ModuleDict("
        yield "            {"
        for (source, target), module in modules.items():
            yield f'                "{source}>{target}": {module},'
        yield "            }"
        yield "        )"
    yield ""
    yield "    def forward(self, x0: Tensor) -> Tensor:"
    read = {source for (source, _), operation in edges.items() if operation != "none"}
    for target in sorted({1, 2} & read | {3}):
        terms = [_term(edges[source, target], source, target) for source in range(target)]
        total = " + ".join(filter(None, terms)) or "torch.zeros_like(x0)"
        yield f"        x{target} = {total}"
    yield "        return x3"


def _term(operation: str, source: int, target: int) -> str:
    """Return what an edge adds to its target; nothing if there is no edge."""
    if operation == "none":
        return ""
    read = f"x{source}"
    return read if operation == "skip_connect" else f'self.edges["{source}>{target}"]({read})'
