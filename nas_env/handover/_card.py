"""The model card: a README made of plain facts, and of what is known of the network itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import nn

from nas_env.errors import InvalidValue, UnknownName
from nas_env.handover._programs import OPSET
from nas_env.handover._settings import Settings
from nas_env.handover.preprocessing import ImagePreprocessing, Preprocessing, of_images

#: The sections that are made of facts, by the name of the fact. A fact is a text, a mapping (a
#: list of names and values), or a list of mappings (a table).
SECTIONS = {
    "data": "Data",
    "licence": "Licence of the data",
    "recipe": "Training",
    "seeds": "Seeds",
    "scores": "Scores",
    "test_set": "Uses of the test set",
    "search": "How it was found",
    "control": "Random search, for comparison",
    "beside": "Other networks by the same recipe",
}
#: The facts that are said before the sections.
OTHERS = ("title", "summary")
UNKNOWN = "Not stated."


def check_facts(facts: Mapping[str, Any]) -> None:
    """Check the names of facts, and that they are plain.

    Raises:
        UnknownName: If the card has no such section; the message names the nearest.
        InvalidValue: If a fact is not made of plain JSON values.
    """
    for name, fact in facts.items():
        if name not in (*SECTIONS, *OTHERS):
            raise UnknownName("fact", name, [*OTHERS, *SECTIONS])
        try:
            json.dumps(fact, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidValue(f"fact {name} is not plain JSON: {error}") from None


def model_card(
    settings: Settings, network: nn.Module, bytes_go_in: bool, left_out: Sequence[str]
) -> str:
    """Return the text of the card.

    Args:
        settings: What is known of the network.
        network: The network.
        bytes_go_in: True if images of bytes go into the programs.
        left_out: Lines on the files that the folder does not have.
    """
    facts, images = settings.facts, of_images(settings.preprocessing)
    count = sum(weights.numel() for weights in network.parameters())
    parts = [
        f"# {facts.get('title', 'A trained network')}",
        *([str(facts["summary"])] if "summary" in facts else []),
        f"{_what(settings, images)} It has {count:,} parameters.",
        "![The architecture](network.svg)",
        "## How to use it",
        *_use(settings, images, bytes_go_in, left_out),
    ]
    for name, title in SECTIONS.items():
        parts += [f"## {title}", written(facts.get(name))]
        if name == "licence":
            parts += ["## Preprocessing", written(_numbers(settings.preprocessing))]
    parts += ["## How to train it further", _fine_tuning(settings, images)]
    return "\n\n".join(parts) + "\n"


def written(fact: Any) -> str:
    """Return a fact as Markdown.

    Example:
        >>> print(written({"rows": 1000, "accuracy": 0.98765, "seeds": [1, 2]}))
        - rows: 1,000
        - accuracy: 0.9877
        - seeds: 1, 2
    """
    if isinstance(fact, Mapping) and fact:
        return "\n".join(f"- {_plain(name)}: {_value(value)}" for name, value in fact.items())
    if isinstance(fact, list | tuple) and fact and all(isinstance(x, Mapping) for x in fact):
        return "\n".join(_table(fact))
    return _value(fact) if fact not in (None, "", {}, []) else UNKNOWN


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    yield f"| {' | '.join(map(_plain, names))} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(_value(row.get(name, '')) for name in names)} |"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_plain(name)} {_value(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value)) or "none"
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _plain(name: str) -> str:
    return str(name).replace("_", " ")


def _what(settings: Settings, images: ImagePreprocessing | None) -> str:
    if settings.input_shape:
        channels = settings.input_shape[0]
        size = images.size if images else settings.input_shape[1:]
        form = f"images of {size[0]}x{size[1]} with {channels} channel{'s' * (channels > 1)}"
        return f"It reads {form} and gives logits of {settings.outputs:,} classes."
    return f"It reads symbols and gives logits of the next, one of {settings.outputs:,}."


def _numbers(preprocessing: Preprocessing | None) -> Any:
    """Return the facts of preprocessing."""
    if (images := of_images(preprocessing)) is None:
        return preprocessing and "`network.json` has the symbols, in the order of their numbers."
    facts: dict[str, Any] = {
        "images that go in": f"bytes (batch, {', '.join(map(str, images.stored))}, "
        f"{images.channels}), pixels from 0 to 255"
    }
    if images.stored != images.size:
        facts["reduced to"] = f"{images.size[0]}x{images.size[1]} pixels, by averaging areas"
    if images.upsample:
        facts["enlarged to"] = (
            f"{images.upsample}x{images.upsample} pixels, bilinear; then the middle "
            f"{images.size[0]}x{images.size[1]} is taken"
        )
    if images.whitening == "channel":
        facts["mean of each channel, subtracted"] = images.mean
        facts["deviation of each channel, divided by"] = images.deviation
    else:
        facts["whitened"] = "each image by its own mean and deviation"
    return facts


def _use(
    settings: Settings,
    images: ImagePreprocessing | None,
    bytes_go_in: bool,
    left_out: Sequence[str],
) -> Iterator[str]:
    names = ", ".join(settings.space.input_names)
    given = {True: "images of bytes", False: "what the network reads"}
    resizes = images is not None and images.resizes  # which the ONNX file does not
    yield f"With nas_env:\n\n```python\n{_call(settings)}\n```"
    missing = {line.partition(":")[0] for line in left_out}
    if "network.py" not in missing:
        yield (
            "With PyTorch alone: [network.py](network.py) holds the whole network and loads "
            "[weights.safetensors](weights.safetensors); `python network.py` prints the shape of "
            "what each layer returns."
        )
    yield (
        'Without any source: `torch.export.load("network.pt2").module()` takes '
        f"{given[bytes_go_in]} ({names}), a batch of any size."
    )
    if "network.onnx" not in missing:
        outputs = ", ".join(settings.space.output_names)
        yield (
            f"With another program: network.onnx (opset {OPSET}) takes "
            f"{given[bytes_go_in and not resizes]} ({names}) and gives {outputs}, a batch of any "
            "size."
        )
    if left_out:
        yield "Not in this folder:\n\n" + "\n".join(f"- {line}" for line in left_out)


def _call(settings: Settings) -> str:
    lines, known = ["import nas_env", "", 'network = nas_env.load(".")'], settings.preprocessing
    if settings.input_shape:
        return "\n".join([*lines, f"logits = network({known.usage if known else 'images'})"])
    if known:
        lines.append(f"symbols = {known.usage}")
    lines.append("state = network.network.initial_state(1)  # of one text")
    return "\n".join([*lines, "logits, state = network(symbols, state)  # int64 (steps, 1)"])


def _fine_tuning(settings: Settings, images: ImagePreprocessing | None) -> str:
    """Return how to go on: with other classes, where the network reads images."""
    lines = ["import nas_env", "from torch import nn", "", 'network = nas_env.load(".").train()']
    if images and settings.space.writes_source:
        source = settings.space.source(
            settings.architecture, settings.input_shape, settings.outputs
        )
        _, last = source.parts[-1]
        lines += [
            f"last = network.{last}",
            f"network.{last} = nn.Linear(last.in_features, 5)  # classes of your own",
        ]
    return "```python\n" + "\n".join(lines) + "\n```"
