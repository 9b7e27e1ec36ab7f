"""The file ``network.json``: what :func:`nas_env.load` needs beside weights and architecture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from nas_env.errors import InvalidValue
from nas_env.files import read_json
from nas_env.handover.preprocessing import Preprocessing, from_json, to_json
from nas_env.training.batch_norms import batch_norms
from search_spaces import Architecture, Normalisation, SearchSpace, make_space

FORMAT = 1
LARGEST = 2**26  # bytes of the file: a vocabulary is in it
FORM = {
    "format": int,
    "space": dict,
    "input_shape": [int],
    "outputs": int,
    "normalisation": {"epsilon": float, "momentum": (float, type(None))},
    "preprocessing": (dict, type(None)),
    "facts": dict,
}


@dataclass(frozen=True)
class Settings:
    """All that is known of a network, apart from its weights.

    Attributes:
        space: Search space that builds it.
        architecture: Architecture.
        input_shape: Shape of one example, without the batch.
        outputs: Number of classes or symbols.
        normalisation: Settings of its batch normalisation.
        preprocessing: How data becomes what the network reads; None if that is not known.
        facts: What the model card says.
    """

    space: SearchSpace
    architecture: Architecture
    input_shape: tuple[int, ...]
    outputs: int
    normalisation: Normalisation
    preprocessing: Preprocessing | None
    facts: Mapping[str, Any]

    def build(self) -> nn.Module:
        """Return the network with weights as they start."""
        network = self.space.build(self.architecture, self.input_shape, self.outputs)
        for module in batch_norms(network):
            module.eps, module.momentum = self.normalisation
        return network

    def to_json(self) -> dict[str, Any]:
        """Return what the file holds."""
        return {
            "format": FORMAT,
            "space": self.space.spec,
            "input_shape": list(self.input_shape),
            "outputs": self.outputs,
            "normalisation": self.normalisation._asdict(),
            "preprocessing": to_json(self.preprocessing),
            "facts": dict(self.facts),
        }


def read_settings(folder: Path) -> Settings:
    """Read the settings of a folder.

    Raises:
        InvalidValue: If it is no such folder, or a file of it is damaged.
    """
    file = folder / "network.json"
    if not file.is_file():
        raise InvalidValue(f"{folder} is not the folder of a network: it has no network.json")
    values = read_json(file, FORM, most=LARGEST)
    if values["format"] != FORMAT:
        raise InvalidValue(f"{file} has format {values['format']}, this version reads {FORMAT}")
    space = make_space(values["space"])
    return Settings(
        space,
        space.parse(read_json(folder / "architecture.json")),
        tuple(values["input_shape"]),
        values["outputs"],
        Normalisation(**values["normalisation"]),
        from_json(values["preprocessing"]),
        values["facts"],
    )


def normalisation_of(network: nn.Module) -> Normalisation:
    """Return the settings that all batch normalisation of a network has.

    Raises:
        InvalidValue: If its layers have different ones.
    """
    found = {Normalisation(each.eps, each.momentum) for each in batch_norms(network)}
    if len(found) > 1:
        raise InvalidValue(
            f"the network has batch normalisation of {len(found)} kinds, expected one: "
            f"{', '.join(map(str, sorted(found, key=str)))}"
        )
    return found.pop() if found else Normalisation()
