"""The source of a convolutional network: a line for each layer, as a person would write it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from search_spaces._source import Normalisation, Source, block, call, comment, listed
from search_spaces.convolutional._architecture import ConvolutionalLayer
from search_spaces.convolutional._network import Plan

CONV_NORM_RELU = """
    def make_layer(channels, filters, height, width, stride=(1, 1)):
        \"\"\"Return a convolution without a bias, batch normalisation and ReLU.\"\"\"
        padding = (height // 2, width // 2)
        conv = nn.Conv2d(channels, filters, (height, width), stride, padding, bias=False)
        nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
        return nn.Sequential(conv, make_norm(filters))
"""
NORM_RELU_CONV = """
    def make_layer(channels, filters, height, width, stride=(1, 1)):
        \"\"\"Return batch normalisation, ReLU and a convolution without a bias.\"\"\"
        padding = (height // 2, width // 2)
        conv = nn.Conv2d(channels, filters, (height, width), stride, padding, bias=False)
        nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
        return nn.Sequential(make_norm(channels), conv)
"""
NORM = """
    def make_norm(channels):
        \"\"\"Return batch normalisation and ReLU.\"\"\"
        norm = nn.BatchNorm2d(channels{arguments})
        return nn.Sequential(norm, nn.ReLU())
"""
JOIN = """
    def join(*maps: Tensor) -> Tensor:
        \"\"\"Join maps of one size in depth.\"\"\"
        return torch.cat(maps, dim=1)
"""
JOIN_AND_PAD = """
    def join(*maps: Tensor) -> Tensor:
        \"\"\"Join maps in depth, the smaller ones padded with zeros to the largest.\"\"\"
        height = max(x.shape[2] for x in maps)
        width = max(x.shape[3] for x in maps)
        return torch.cat([pad(x, height, width) for x in maps], dim=1)


    def pad(x: Tensor, height: int, width: int) -> Tensor:
        \"\"\"Pad a map with zeros {where}.\"\"\"
        down, right = height - x.shape[2], width - x.shape[3]
        {corner}
        return functional.pad(x, (left, right - left, top, down - top))
"""
HALVE = """
    def halve(x: Tensor) -> Tensor:
        \"\"\"Halve the height and the width of a map by max pooling, rounded up.\"\"\"
        return functional.max_pool2d(x, 2, ceil_mode=True)
"""
AVERAGE = """
    def average(*maps: Tensor) -> Tensor:
        \"\"\"Return the mean of each channel; a smaller map counts as padded with zeros.\"\"\"
        pixels = max(x.shape[2] for x in maps) * max(x.shape[3] for x in maps)
        return torch.cat([x.sum(dim=(2, 3)) for x in maps], dim=1) / pixels
"""
FORWARD = "Turn images (batch, channels, height, width) into logits (batch, outputs)."
CORNERS = {
    "centre": ("on all sides", "top, left = down // 2, right // 2"),
    "end": ("below and on the right", "top, left = 0, 0"),
}


class ConvolutionalSource:
    """Writes the source of one network.

    Args:
        plan: Convolutions of the network.
        block: Number of convolutions that a layer stands for.
        input_shape: Channels, height and width of an image.
        outputs: Number of classes.
        layer_order: Setting of the space.
        zero_padding: Setting of the space.
        normalisation: Settings of the batch normalisation.
    """

    def __init__(
        self,
        plan: Plan,
        block: int,
        input_shape: tuple[int, ...],
        outputs: int,
        layer_order: str,
        zero_padding: str,
        normalisation: Normalisation,
    ):
        self.plan, self.block, self.outputs = plan, block, outputs
        self.shape, self.normalisation = input_shape, normalisation
        self.norm_first = layer_order == "norm-relu-conv"
        self.corner = CORNERS[zero_padding]
        self.strides = any((x.stride_height, x.stride_width) != (1, 1) for x in plan.layers)
        self.widths = [input_shape[0], *(layer.filters for layer in plan.layers)]
        self.features = sum(self.widths[i] for i in plan.loose_ends)

    def write(self) -> Source:
        """Return the source."""
        channels, height, width = self.shape
        count = len(self.plan.layers)
        summary = (
            f"A network of {count} convolution{'s' * (count > 1)}: "
            f"images of {height}x{width} with {channels} channel{'s' * (channels > 1)}, "
            f"{self.outputs} classes"
        )
        padded = self.strides and self._joins
        needed = ("from torch.nn import functional",) if padded or self.plan.pooling else ()
        parts = [(f"layer {n}", f"network.layers[{n - 1}]") for n in range(1, count + 1)]
        return Source(
            summary,
            needed,
            "\n\n\n".join(self._definitions()),
            (f"torch.zeros(2, {channels}, {height}, {width})",),
            (*parts, ("classifier", "network.classifier")),
        )

    def _definitions(self) -> Iterator[str]:
        yield "\n".join([*self._constructor(), "", *self._forward()])
        yield block(NORM_RELU_CONV if self.norm_first else CONV_NORM_RELU)
        yield block(NORM).format(arguments=self.normalisation.arguments)
        if self._joins:
            where, corner = self.corner
            yield (
                block(JOIN_AND_PAD).format(where=where, corner=corner)
                if self.strides
                else block(JOIN)
            )
        if self.plan.pooling:
            yield block(HALVE)
        if self._averages:
            yield block(AVERAGE)

    # -- the class -------------------------------------------------------------------------------
    def _constructor(self) -> Iterator[str]:
        yield "class Network(nn.Module):"
        yield '    """Convolutions over joined maps, a global average, a linear classifier."""'
        yield ""
        yield f"    def __init__(self, outputs: int = {self.outputs}):"
        yield "        super().__init__()"
        yield "        self.layers = nn.ModuleList("
        yield "            ["
        for number, layer in enumerate(self.plan.layers, start=1):
            yield comment(self._about(number, layer), indent=16)
            yield f"                {self._make(layer)},"
        yield "            ]"
        yield "        )"
        if self.norm_first:
            yield f"        self.head = make_norm({self.features})"
        yield f"        self.classifier = nn.Linear({self.features}, outputs)"

    def _about(self, number: int, layer: ConvolutionalLayer) -> str:
        """Return ``layer 5: 3x7, 48 filters, stride 2x1, reads 3 and 4``."""
        stride = (layer.stride_height, layer.stride_width)
        words = [f"{layer.filter_height}x{layer.filter_width}", f"{layer.filters} filters"]
        if stride != (1, 1):
            words.append("stride {}x{}".format(*stride))
        read = ["the image" if i == 0 else i for i in layer.inputs]
        place, step = divmod(number - 1, self.block)
        title = f"layer {number}"
        if self.block > 1:
            title += f" (block {place + 1}, {step + 1} of {self.block})"
        return f"{title}: {', '.join(words)}, reads {listed(read)}"

    def _make(self, layer: ConvolutionalLayer) -> str:
        channels = sum(self.widths[i] for i in layer.inputs)
        numbers = f"{channels}, {layer.filters}, {layer.filter_height}, {layer.filter_width}"
        stride = (layer.stride_height, layer.stride_width)
        return f"make_layer({numbers}{'' if stride == (1, 1) else f', stride={stride}'})"

    # -- forward ---------------------------------------------------------------------------------
    def _forward(self) -> Iterator[str]:
        yield "    def forward(self, image: Tensor) -> Tensor:"
        yield f'        """{FORWARD}"""'
        yield "        layer = dict(enumerate(self.layers, start=1))"
        for number, layer in enumerate(self.plan.layers, start=1):
            yield from self._read(f"x{number} = layer[{number}](", layer.inputs)
            if number in self.plan.pooling:
                for i in self._read_after(number):
                    yield f"        {_name(i)} = halve({_name(i)})"
        ends = [_name(i) for i in self.plan.loose_ends]
        features = "x.mean(dim=(2, 3))"
        if self.norm_first:
            yield from self._read("x = self.head(", self.plan.loose_ends)
        elif self._averages:
            yield call("features = average(", ends, ")", indent=8)
            features = "features"
        elif len(ends) > 1:
            yield call("x = join(", ends, ")", indent=8)
        else:
            features = f"{''.join(ends)}.mean(dim=(2, 3))"
        yield f"        return self.classifier({features})"

    @property
    def _averages(self) -> bool:
        """True if maps of several sizes are averaged without being joined."""
        return self.strides and len(self.plan.loose_ends) > 1 and not self.norm_first

    @property
    def _joins(self) -> bool:
        """True if maps are joined somewhere."""
        several = any(len(layer.inputs) > 1 for layer in self.plan.layers)
        return several or (len(self.plan.loose_ends) > 1 and not self._averages)

    def _read(self, before: str, inputs: Sequence[int]) -> Iterator[str]:
        """Yield a call with one map, or with joined ones; on two lines where one is too long."""
        names = [_name(i) for i in inputs]
        if len(names) == 1:
            yield f"        {before}{names[0]})"
        elif "\n" in (line := call(f"{before}join(", names, "))", indent=8)):
            yield call("joined = join(", names, ")", indent=8)
            yield f"        {before}joined)"
        else:
            yield line

    def _read_after(self, layer: int) -> list[int]:
        """Return those of the image (0) and the layers up to ``layer`` that are read later."""
        read = {i for later in self.plan.layers[layer:] for i in later.inputs}
        return [i for i in range(layer + 1) if i in read | {*self.plan.loose_ends}]


def _name(number: int) -> str:
    return f"x{number}" if number else "image"
