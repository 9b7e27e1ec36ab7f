"""The architecture that ``nas-show`` draws, found by its name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas_env.command_line._subjects.named import named_architecture
from nas_env.errors import InvalidValue
from nas_env.metrics import caption
from nas_env.run.folder import holds_run
from nas_env.search.reading import RunView, read_run
from search_spaces import Architecture, InvalidArchitecture, SearchSpace, Vertex, make_space
from search_spaces._architecture import TEXT_LIMIT, load_json

PIPED = "-"
#: For a key of an architecture, the setting of its space that follows from it.
SIZES: Mapping[str, tuple[str, Callable[[Sequence[Any]], Any]]] = {
    "layers": ("layers", len),
    "nodes": ("base", lambda nodes: (len(nodes) + 1) // 2),
    "choices": ("options", lambda choices: tuple(max(2, choice + 1) for choice in choices)),
}


@dataclass(frozen=True)
class Shown:
    """An architecture with what is said of it.

    Attributes:
        name: Short name, for a file.
        title: Line above the drawing.
        space: Search space of the architecture.
        architecture: The architecture.
        vertices: Boxes of the drawing.
        notes: Lines below the drawing.
        tokens: Tokens of the episode that designed it, where they are known.
    """

    name: str
    title: str
    space: SearchSpace
    architecture: Architecture
    vertices: Sequence[Vertex]
    notes: Sequence[str] = ()
    tokens: Sequence[int] | None = None

    @property
    def result(self) -> str | None:
        """The first of the notes, which is the child's result."""
        return next(iter(self.notes), None)

    def played(self) -> Sequence[int]:
        """Return the tokens of an episode that designs the architecture.

        Raises:
            InvalidValue: If its space is not known.
        """
        if self.tokens is not None:
            return self.tokens
        try:
            return self.space.encode(self.architecture)
        except InvalidArchitecture as error:
            raise InvalidValue(
                f"{self.name} cannot be shown as it is designed, since its search space is not "
                f"known: {error}"
            ) from None


def find(what: str, child: int | None) -> Shown:
    """Return the architecture of a name.

    Args:
        what: A run's folder, that of a network, a file of JSON, ``published:NAME``, or ``-``.
        child: Number of a child of a run, from 1; None for its best.

    Raises:
        InvalidValue: If there is no such architecture; one line says why.
    """
    if what != PIPED and holds_run(Path(what)):
        return _of_run(read_run(what), child)
    if child is not None:
        raise InvalidValue(f"--child {child} is for a run's folder, {what} is none")
    if what == PIPED:
        return _described("network", load_json(_piped()), None)
    if not what.startswith("published:") and not Path(what).exists():
        raise InvalidValue(f"there is no {what}: expected a run's folder, a file, published:NAME")
    named = named_architecture(what)
    return _described(named.name, named.architecture, named.space)


def _of_run(view: RunView, child: int | None) -> Shown:
    """Return a child of a run."""
    number, record = _record(view, child)
    said = caption(view.metric, record["reward"], record)
    best = "best, " if child is None else ""
    return Shown(
        f"{view.name}-child-{number}",
        f"{view.name}: {best}child {number}",
        view.space,
        view.space.parse(record["architecture"]),
        view.graph(record),
        [said],
        record["tokens"],
    )


def _record(view: RunView, child: int | None) -> tuple[int, Mapping[str, Any]]:
    """Return the number and the record of a child, by default of the best."""
    episodes = view.episodes
    if child is None:
        best = view.best
        if best is None:
            raise InvalidValue(f"no child of {view.folder} has succeeded yet: try --child 1")
        return 1 + next(i for i, record in enumerate(episodes) if record is best), best
    if not 1 <= child <= len(episodes):
        raise InvalidValue(f"--child is {child}, {view.folder} has children 1 to {len(episodes)}")
    return child, episodes[child - 1]


def _piped() -> str:
    """Return the text that is piped in."""
    try:
        return sys.stdin.read(TEXT_LIMIT + 1)
    except UnicodeDecodeError:
        raise InvalidValue("what is piped in is no text, expected an architecture's JSON") from None


def _described(name: str, description: Mapping[str, Any], space: SearchSpace | None) -> Shown:
    """Return an architecture that a dictionary describes; its space may not be known."""
    if space is not None:
        architecture = space.parse(description)
    else:
        kind = "recurrent_cell" if "native" in description else description.get("space")
        if not isinstance(kind, str):
            raise InvalidArchitecture(f"{name} has no space, expected the JSON of an architecture")
        make_space(kind).parse(description)  # what is wrong with it is told before it is measured
        settings = {
            setting: size(description[key])
            for key, (setting, size) in SIZES.items()
            if key in description
        }
        space = make_space({"name": kind, **settings})
        architecture = space.parse(description)
    return Shown(name, name, space, architecture, space.graph(architecture))
