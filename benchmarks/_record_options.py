"""The options of a record, and the words of its commands that follow from them."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from benchmarks._record_networks import folder_of
from benchmarks._results import FOLDER
from nas_env.errors import InvalidValue
from search_spaces._settings import above, at_least

#: A search has time for some hundred children: a small population, and work for two processes.
AGENT = "evolution --agent.population-size 20 --agent.sample-size 8 --agent.ahead 3"
AGENT += " --agent.avoid-repeats"


@dataclass(frozen=True)
class Options:
    """Find a network and train it on CIFAR-10 in so many minutes.

    Attributes:
        minutes: Minutes of the search and the final training together.
        share: Share of them that the search has.
        seed: Seed of the agent and of the random networks.
        count: What is counted: ``cpu``, the seconds of all processes over the cores, which other
            programs on the machine do not change; or ``wall``, by the clock.
        cores: Cores: children that the search trains at once, and threads of a final training.
        compare: Networks of the search, the best by validation, that are compared once more by
            the final recipe; 1 takes the best as it is.
        compare_epochs: Epochs of such a comparison.
        controls: Controls that are trained afterwards, for as many minutes each.
        random: Random networks within the same limits among the controls.
        hand_made: Hand-made network that is trained for all the minutes.
        agent: Words of ``--agent`` and its settings.
        env: Id of the environment.
        task: More words of the task and the space, for both commands.
        search: More words of ``nas-train``, as those of the recipe of the children.
        recipe: Words of ``--recipe`` and its settings, for the final trainings.
        rehearsal: Seconds for which a network's steps are measured before its final training.
        device: Device, ``cpu`` or ``cuda``.
        folder: Folder of everything; by default ``runs/record_<minutes>_<seed>``.
        out: Folder of the file of figures.
    """

    minutes: float = 60.0
    share: float = 0.25
    seed: int = 0
    count: Literal["cpu", "wall"] = "cpu"
    cores: int = 2
    compare: int = 1
    compare_epochs: int = 2
    controls: Literal["none", "all", "hand-made", "random-search", "random"] = "none"
    random: int = 3
    hand_made: str = "published:airbench95"
    agent: str = AGENT
    env: str = "NAS-CIFAR10-Record-v0"
    task: str = ""
    search: str = ""
    recipe: str = "record"
    rehearsal: float = 15.0
    device: str = "cpu"
    folder: Path | None = None
    out: Path = FOLDER

    def __post_init__(self) -> None:
        above(self, minutes=0, share=0, rehearsal=0)
        at_least(self, cores=1, compare=1, compare_epochs=1, random=0, seed=0)
        if not self.share < 1:
            raise InvalidValue(f"share is {self.share}, expected less than 1")
        if self.count == "cpu" and self.device != "cpu":
            raise InvalidValue(f"--count is cpu, expected wall on the device {self.device}")

    @cached_property
    def name(self) -> str:
        """The name of the figures' file."""
        return f"record_{self.minutes:g}_{self.seed}"

    def wants(self, control: str) -> bool:
        """Return whether the controls of a kind are trained."""
        return self.controls in {control, "all"}

    @property
    def place(self) -> Path:
        """The folder of everything."""
        return self.folder or Path("runs") / self.name

    @property
    def decided(self) -> dict[str, Any]:
        """The options that cannot change while the minutes run."""
        given = asdict(self)
        return {name: given[name] for name in given if name not in {"controls", "folder", "out"}}

    def final(self, name: str, architecture: str, epochs: int) -> list[str]:
        """Return the words of a final training."""
        return [
            *["--architecture", architecture, "--env", self.env, *shlex.split(self.task)],
            *["--recipe", *shlex.split(self.recipe), "--recipe.epochs", str(epochs)],
            *["--recipe.threads", str(self.cores), "--seeds", "1", "--workers", "0"],
            *["--device", self.device, "--run", str(folder_of(self.place, name))],
        ]
