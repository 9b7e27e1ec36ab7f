"""Makes ``network.py``: one file of PyTorch alone that rebuilds a network and loads its weights."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from nas_env.handover.preprocessing import ImagePreprocessing, Preprocessing, of_images
from search_spaces._source import Source, call

HEAD = '''"""{summary}

It needs PyTorch alone. As a program it loads the weights that lie beside it, and prints
the shape of what each layer returns. In a program of your own:

{usage}
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from torch import Tensor, nn
'''
FUNCTIONAL = "from torch.nn import functional"
WEIGHTS = """WEIGHTS = Path(__file__).with_name("weights.safetensors")
TYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}"""
FUNCTIONS = '''def load(path: str | Path = WEIGHTS) -> Network:
    """Return the trained network; `network.train()` makes it learn again."""
    network = Network()
    network.load_state_dict(read_weights(path))
    return network.eval()


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Read a file of safetensors: the length of a JSON text, the text, the numbers."""
    content = bytearray(Path(path).read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    weights = {}
    for name, entry in header.items():
        first, shape = start + entry["data_offsets"][0], entry["shape"]
        kind, count = TYPES[entry["dtype"]], math.prod(shape)
        numbers = torch.frombuffer(content, dtype=kind, count=count, offset=first)
        weights[name] = numbers.reshape(shape)
    return weights
'''
MAIN = '''@torch.no_grad()
def main() -> None:
    """Print the shape of what each layer returns."""
    network = load()
    parts = {{
{parts}
    }}
    for name, part in parts.items():
        part.register_forward_hook(lambda *call, name=name: show(name, call[-1]))
    network({example})
    print(f"{{sum(weights.numel() for weights in network.parameters()):,}} parameters")


def show(name: str, output: Tensor | tuple[Tensor, ...]) -> None:
    """Print a name and the shape of an output, of the first where there are several."""
    first = output if isinstance(output, Tensor) else output[0]
    print(f"{{name:<20}} {{tuple(first.shape)}}")


if __name__ == "__main__":
    main()
'''


def network_file(source: Source, preprocessing: Preprocessing | None) -> str:
    """Return the text of the file, as ruff formats it."""
    images = of_images(preprocessing)
    parts = "\n".join(f'        "{title}": {module},' for title, module in source.parts)
    constants = [WEIGHTS, *(["", *_numbers(images)] if images else [])]
    definitions = [
        *source.definitions.split("\n\n\n"),
        *(["\n".join(_preprocess(images))] if images else []),
        *FUNCTIONS.strip().split("\n\n\n"),
        *MAIN.format(parts=parts, example=", ".join(source.example)).strip().split("\n\n\n"),
    ]
    if not definitions[0].startswith("class"):  # names of types
        constants += ["", definitions.pop(0)]
    head = HEAD.format(summary=textwrap.fill(f"{source.summary}.", 84), usage=_usage(images))
    imports = {*source.imports, *([FUNCTIONAL] if images and images.resizes else [])}
    top = "\n".join([head.strip(), *sorted(imports), "", *constants])
    return "\n\n\n".join([top, *definitions]) + "\n"


def _usage(images: ImagePreprocessing | None) -> str:
    lines = ["from network import load", "", "network = load()"]
    if images:
        lines[0] += ", preprocess"
        lines.append("logits = network(preprocess(images))")
    return "\n".join(f"    {line}" if line else "" for line in lines)


def _numbers(images: ImagePreprocessing) -> Iterator[str]:
    """Yield the lines of mean and deviation."""
    if images.whitening == "channel":
        yield "# of each channel, of pixels from 0 to 255:"
        yield call("MEAN = [", map(repr, images.mean), "]")
        yield call("DEVIATION = [", map(repr, images.deviation), "]")


def _preprocess(images: ImagePreprocessing) -> Iterator[str]:
    """Yield the lines of the function that turns bytes into what the network reads."""
    stored, (height, width) = ", ".join(map(str, images.stored)), images.size
    yield "def preprocess(images: Tensor) -> Tensor:"
    yield '    """Turn images of bytes, 0 to 255, into what the network reads.'
    yield ""
    yield f"    They are uint8 (batch, {stored}, {images.channels}), with the channels last."
    yield '    """'
    yield "    pixels = images.permute(0, 3, 1, 2).float()"
    if images.stored != images.size:
        yield f'    pixels = functional.interpolate(pixels, ({height}, {width}), mode="area")'
        yield "    pixels = pixels.round().clamp(0, 255)"
    if side := images.upsample:
        yield f"    size = ({side}, {side})"
        yield ('    pixels = functional.interpolate(pixels, size, mode="bilinear", antialias=True)')
        top, left = (side - height) // 2, (side - width) // 2
        rows, columns = f"{top}:{top + height}", f"{left}:{left + width}"
        yield f"    pixels = pixels.round().clamp(0, 255)[:, :, {rows}, {columns}]"
    if images.whitening == "channel":
        yield "    mean = torch.tensor(MEAN).view(1, -1, 1, 1)"
        yield "    deviation = torch.tensor(DEVIATION).view(1, -1, 1, 1)"
        yield "    return (pixels - mean) / deviation"
    else:
        yield "    deviation, mean = torch.std_mean(pixels, dim=(1, 2, 3), keepdim=True)"
        yield "    return (pixels - mean) / deviation.clamp(min=1.0)"
