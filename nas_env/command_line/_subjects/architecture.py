"""An architecture that no search found, to be trained on an environment's task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from agents import make_config
from nas_env.command_line._choices import Choices, choose
from nas_env.command_line._help import Entry, nested
from nas_env.command_line._named_architectures import named_architecture
from nas_env.command_line._subjects.base import Place, Subject
from nas_env.command_line._task import task_options
from nas_env.errors import InvalidValue
from nas_env.final.top import Found
from nas_env.run.folder import holds_run
from nas_env.run.paths import check_folder
from search_spaces import SearchSpace, make_space

STORE = "results.sqlite"


@dataclass(frozen=True)
class NamedArchitecture(Subject):
    """An architecture that no search found.

    Attributes:
        named: The architecture.
        environments_space: The search space of the environment.
    """

    named: Found
    environments_space: SearchSpace

    grid: ClassVar[str] = "none"

    def found(self, count: int) -> list[Found]:
        """Return the architecture."""
        return [self.named]

    def options(self) -> Sequence[Entry]:
        """Return the options of the task and of the search space."""
        space, about = self.environments_space, "Settings of the search space."
        return [task_options(self.task), nested("space_settings", space, about, "space")]

    def space(self, values: Any) -> SearchSpace:
        """Return the search space, with what the values of the command line change of it."""
        return make_space({"name": self.environments_space.name, **asdict(values.space_settings)})


def of_architecture(
    text: str, env: str | None, run: str | None, line: Sequence[str], program: str
) -> NamedArchitecture:
    """Return an architecture that no search found.

    Args:
        text: File of JSON, or ``published:NAME``.
        env: Id of the environment on whose task it is trained.
        run: Folder in which all is kept; None for one that is named after both.
        line: The command line's words; the settings of the task count here.
        program: Name of the program.

    Raises:
        InvalidValue: If one of them is wrong, or the environment is missing.
    """
    if env is None:
        raise InvalidValue(
            "--architecture needs --env, the environment whose task it is trained on"
        )
    name, architecture = named_architecture(text)
    choices = choose(line, make_config, program, {})
    folder = Path(run) if run is not None else Path("runs") / f"{env.split(':')[-1]}-{name}"
    check_folder(folder, "a run's folder")
    if holds_run(folder):
        raise InvalidValue(f"{folder} is the run of a search: name another --run")
    place = Place(folder, env, folder / STORE, f"final-{name}")
    parts = _make(choices), choices.task, choices.evaluator
    return NamedArchitecture(place, *parts, Found(name, architecture), choices.space)


def _make(choices: Choices) -> Mapping[str, Any]:
    """Return the keyword arguments of a problem, as a run's configuration has them."""
    return {
        "task": choices.task.spec,
        "space": choices.space.spec,
        "objective": choices.objective.spec,
        "device": "auto",
    }
