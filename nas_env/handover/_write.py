"""Writes the folder of a network: beside, checked, then renamed to its place."""

from __future__ import annotations

import copy
import os
import runpy
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import torch
from torch import nn

from nas_env.drawing import draw_graph, save
from nas_env.errors import ExportDiffers, InvalidValue, NASError
from nas_env.files import write_bytes, write_json
from nas_env.handover._card import check_facts, model_card
from nas_env.handover._checks import EXACT, Examples, check_equal, check_finite, check_fits
from nas_env.handover._loaded import WEIGHTS, load, one_line
from nas_env.handover._network_file import network_file
from nas_env.handover._programs import export, export_onnx, missing
from nas_env.handover._settings import Settings, normalisation_of
from nas_env.handover.preprocessing import Preprocess, Preprocessing, of_images
from search_spaces import Architecture, SearchSpace


@dataclass(frozen=True)
class Written:
    """The folder that was written.

    Attributes:
        folder: The folder.
        left_out: Lines that say which files it does not have, and why.
    """

    folder: Path
    left_out: tuple[str, ...] = ()


def write(
    folder: str | os.PathLike[str],
    *,
    network: nn.Module,
    space: SearchSpace,
    architecture: Architecture,
    input_shape: Sequence[int],
    outputs: int,
    preprocessing: Preprocessing | None = None,
    facts: Mapping[str, Any] = MappingProxyType({}),
    with_preprocessing: bool = False,
) -> Written:
    """Write the folder in which a trained network is handed over.

    Everything in it is checked to give the network's outputs before the folder is there.

    Args:
        folder: Folder that is not there yet.
        network: Trained network, as ``space`` builds it.
        space: Search space of the architecture.
        architecture: Architecture of the network.
        input_shape: Shape of one example, without the batch.
        outputs: Number of classes or symbols.
        preprocessing: How data becomes what the network reads, if that is known.
        facts: What the model card says, by its sections (see ``nas_env.handover._card``).
        with_preprocessing: Export programs that take images of bytes, not what the network reads.

    Raises:
        InvalidValue: If the folder is there, or a fact or setting is wrong.
        ExportDiffers: If something that was exported gives other outputs than the network.
        NASError: If the network cannot be exported, or the folder not be written.
    """
    place = Path(folder)
    if place.exists():
        raise InvalidValue(f"{place} is there already: name a folder that is not")
    if with_preprocessing and of_images(preprocessing) is None:
        raise InvalidValue("with_preprocessing needs to know how images become what is read")
    check_facts(facts)
    settings = Settings(
        space,
        architecture,
        tuple(input_shape),
        outputs,
        normalisation_of(network),
        preprocessing,
        facts,
    )
    with _renamed(place) as beside:
        writer = _Writer(beside, network, settings, with_preprocessing)
        writer.write()
    return Written(place, tuple(writer.left_out))


class _Writer:
    """Writes the files of one folder, each checked as it is written."""

    def __init__(
        self, folder: Path, network: nn.Module, settings: Settings, with_preprocessing: bool
    ):
        self.folder, self.settings, self.bytes_go_in = folder, settings, with_preprocessing
        self.left_out: list[str] = []
        # Convolutions in channels-last, as they are trained, add up in another order.
        self.network = copy.deepcopy(network).cpu().float().eval()
        self.network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        check_fits(self.network, settings)
        check_finite(self.network)
        self.examples = Examples(self.network, settings, None)

    def write(self) -> None:
        """Write all files."""
        self._weights()
        self._source()
        self._programs()
        self._drawings()
        card = model_card(self.settings, self.network, self.bytes_go_in, self.left_out)
        write_bytes(self.folder / "README.md", card.encode())

    def _weights(self) -> None:
        from safetensors.torch import save as to_bytes

        weights = {
            name: value.detach().clone(memory_format=torch.contiguous_format)
            for name, value in self.network.state_dict().items()
        }
        write_bytes(self.folder / WEIGHTS, to_bytes(weights, {"format": "pt"}))
        write_json(self.folder / "architecture.json", self.settings.architecture.to_dict())
        write_json(self.folder / "network.json", self.settings.to_json())
        self.network = load(self.folder).network
        self.examples.check("the loaded network", self.network)

    def _source(self) -> None:
        """Write ``network.py``, run it, and compare what it builds."""
        settings, images = self.settings, of_images(self.settings.preprocessing)
        if not settings.space.writes_source:
            self.left_out.append(f"network.py: space {settings.space.name} writes no source")
            return
        source = settings.space.source(
            settings.architecture, settings.input_shape, settings.outputs, settings.normalisation
        )
        file = self.folder / "network.py"
        write_bytes(file, network_file(source, settings.preprocessing).encode())
        try:
            names = runpy.run_path(str(file))
            built = names["load"]()
        except Exception as error:
            raise ExportDiffers(f"network.py cannot be run: {one_line(error)}") from error
        if list(built.state_dict()) != list(self.network.state_dict()):
            raise ExportDiffers("network.py has other parameters than the network")
        self.examples.check("network.py", built)
        if images:
            pixels = images.examples(2, torch.Generator().manual_seed(0))
            found = names["preprocess"](pixels)
            check_equal("preprocess of network.py", [Preprocess(images)(pixels)], [found], EXACT)

    def _programs(self) -> None:
        """Write the programs; what ONNX is given is not resized, which it would round otherwise."""
        images = of_images(self.settings.preprocessing) if self.bytes_go_in else None
        examples = Examples(self.network, self.settings, images)
        program, content = export(examples)
        write_bytes(self.folder / "network.pt2", content)
        if lacking := missing():
            self.left_out.append(
                f"network.onnx: {', '.join(lacking)} not installed: pip install nas-env[onnx]"
            )
            return
        if images and images.resizes:
            program, examples = export(self.examples)[0], self.examples
        space = self.settings.space
        content = export_onnx(program, examples, space.input_names, space.output_names)
        write_bytes(self.folder / "network.onnx", content)

    def _drawings(self) -> None:
        settings = self.settings
        figure = draw_graph(
            settings.space.sized_graph(
                settings.architecture.canonical(), settings.input_shape, settings.outputs
            )
        )
        for kind in ("svg", "png"):
            save(figure, self.folder / f"network.{kind}")


@contextmanager
def _renamed(place: Path) -> Iterator[Path]:
    """Give a folder beside a place, which is renamed to it at the end, or is gone."""
    beside = place.with_name(f".{place.name}.{uuid4().hex}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        beside.mkdir()
        yield beside
        os.rename(beside, place)
    except OSError as error:
        raise NASError(f"{place} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
