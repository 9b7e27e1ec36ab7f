"""Networks of torch itself, which a found cell is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces._architecture import Architecture, check_keys
from search_spaces._decisions import Vertex

#: What comes before the name of such a network in the references of a task.
NATIVE = "native:"


@dataclass(frozen=True)
class Native(Architecture):
    """A network that is known only by its name, and is no cell of a space.

    It is built by :func:`search_spaces.recurrent_cell._network.reference_model`.
    """

    name: str

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"native": "lstm"}``."""
        return {"native": self.name}

    def canonical(self) -> Native:
        """Return the network itself."""
        return self

    @property
    def graph(self) -> tuple[Vertex, ...]:
        """The boxes of a drawing: what is read, the network, what it gives."""
        return (
            Vertex("symbols", "", "input"),
            Vertex(self.name, "", "network", (0,)),
            Vertex("softmax", "", "output", (1,)),
        )


def parse_native(description: Mapping[str, Any]) -> Native:
    """Return the network of ``{"native": name}``."""
    check_keys(description, ["native"], "a reference")
    return Native(str(description["native"]))
