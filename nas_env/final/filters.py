"""More filters at the final training (Zoph & Le 2017, section 4.1: 40 more in every layer)."""

from __future__ import annotations

from dataclasses import dataclass

from nas_env.final.top import Found
from search_spaces import SearchSpace, make_space
from search_spaces._settings import above, at_least, at_most


@dataclass(frozen=True)
class Filters:
    """The change of the filters of every layer.

    Attributes:
        add_filters: Filters that each layer has more.
        scale_filters: Factor of the filters of each layer, before those are added.
    """

    add_filters: int = 0
    scale_filters: float = 1.0

    def __post_init__(self) -> None:
        at_least(self, add_filters=0)
        above(self, scale_filters=0)
        at_most(self, add_filters=65_536, scale_filters=65_536)

    def of(self, found: Found, space: SearchSpace) -> Found:
        """Return a network with its filters changed, in its name too.

        Args:
            found: The network.
            space: Search space of the final training.

        Raises:
            InvalidValue: If the networks of the space have no filters.
            InvalidArchitecture: If they become too many.
        """
        if self == Filters():
            return found
        own = space if found.space is None else make_space(found.space)
        wider, architecture = own.widened(
            own.parse(found.architecture), self.add_filters, self.scale_filters
        )
        built = None if wider.construction == space.construction else wider.construction
        name = f"{found.name}, {self._told}"
        return found._replace(name=name, architecture=architecture.to_dict(), space=built)

    @property
    def _told(self) -> str:
        more = f"{self.add_filters} more filters" if self.add_filters else ""
        times = f"{self.scale_filters:g} times the filters" if self.scale_filters != 1 else ""
        return ", ".join(filter(None, (times, more)))
