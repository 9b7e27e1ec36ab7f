"""Architectures of folders: that of a network which was handed over, or of a run."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from nas_env.command_line._subjects.base import FINAL
from nas_env.command_line._subjects.run import of_run
from nas_env.errors import InvalidValue
from nas_env.final.network import NETWORK
from nas_env.handover._loaded import WEIGHTS
from nas_env.handover._settings import read_settings
from nas_env.run.folder import holds_run
from search_spaces import Architecture, SearchSpace, make_space


class Trained(NamedTuple):
    """The architecture of a folder.

    Attributes:
        name: Name of the run, or of the folder where it lies by itself.
        architecture: The architecture.
        space: Search space that builds it.
        weights: File of its trained weights; None for a search alone, which keeps none.
    """

    name: str
    architecture: Architecture
    space: SearchSpace
    weights: Path | None


def of_folder(folder: Path) -> Trained:
    """Return the architecture of a folder.

    Args:
        folder: Folder of a network, or of a run: then its network, or if it has none, the best of
            its search.

    Raises:
        InvalidValue: If it is neither, or a file of it is damaged.
    """
    own = folder / FINAL / NETWORK
    if (own / "network.json").is_file():
        return _network(own, folder.resolve().name)
    if holds_run(folder):
        subject = of_run(str(folder))
        space, best = make_space(subject.make["space"]), subject.found(1)[0]
        return Trained(folder.resolve().name, space.parse(best.architecture), space, None)
    if not (folder / "network.json").is_file():
        raise InvalidValue(f"{folder} is no folder of a network, and none of a run")
    place = folder.resolve()
    named = place.parents[1] if (place.parent.name, place.name) == (FINAL, NETWORK) else place
    return _network(folder, named.name)


def _network(folder: Path, name: str) -> Trained:
    settings = read_settings(folder)
    return Trained(name, settings.architecture, settings.space, folder / WEIGHTS)
