"""The options of a search that do not depend on its parts, and the checked command line."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from nas_env.command_line._choices import AGENT, ENVIRONMENT
from nas_env.objectives import objective_names
from nas_env.search.loop import STOP_AFTER_FAILURES, Depth

#: How ``--help`` shows an option that may stand without a value.
BARE = {"metavar": "[auto]", "help_behavior_hint": ""}
#: How ``--help`` shows which objectives there are.
OBJECTIVES = {"metavar": f"{{{','.join(objective_names())}}}"}


@dataclass(frozen=True)
class Main:
    """Let an agent search an environment, and keep the run in a folder.

    Attributes:
        env: The environment's id; ``module:ID`` imports a module that registers it.
        agent: The agent's name, or ``module:NAME``.
        children: The budget in episodes; each designs and trains one child.
        minutes: The most minutes of the search, all its legs together: after them no batch of
            children begins. The control has as many minutes of its own.
        seed: Seed of the agent and its sampling.
        run: The run's folder; by default the next free ``runs/<env>-<agent>-<n>``.
        resume: Continue the run in ``--run``, by the same command or a shorter one; a larger
            ``--children`` lengthens it. ``auto``: begin the run if it is not there.
        control: ``random``: afterwards a random search at equal budget in ``<run>/control``.
        track: Services that show the search: ``wandb``, ``tensorboard``, both.
        project: Project under which they show it; by default ``nas-env``, or what the service's own
            environment variable says.
        group: Group of runs that belong together; by default ``<env>-<agent>``.
        tags: Words by which they find it, beside its environment, agent, task and space.
        config: File of settings: a run's ``config.json``, or any part of one. What stands on the
            command line goes before it.
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``.
        evaluator: What trains the children: ``workers``, ``in_process``, or ``module:NAME``; by
            default workers, unless the task is a table. ``simulated``: a table answers, and the
            children's time passes on a simulated clock.
        objective: What makes the reward, one of these or ``module:NAME``; by default the
            task's own.
        recipe: Name of one of the task's recipes, by which the children are trained; by default
            the task's own for the device.
        space: Another search space than the environment's.
        agent_preset: Name of some settings of the agent: ``default``, ``paper``.
        evaluation_seed: Seed of the children, together with their architecture.
        store: The store of evaluations: a file, by default ``results.sqlite`` in the run's folder,
            or ``postgresql://USER@HOST/DATABASE``, which machines share (docs/store.md).
        references: Afterwards train, by the same recipe, what the task compares its best with
            (language tasks: the published NASCell and an LSTM of the same size).
        stop_after_failures: Children at the beginning of a search that may all fail for the same
            reason; then it stops, since its data or settings are at fault. 0, or
            ``--keep-going``: any number.
        order: Order in which the agent is handed its children: ``submitted``, the order in which
            it proposed them, so that the search does not depend on their speed; or ``finished``,
            so that no worker waits. Agents of Stable-Baselines3 have a loop of their own.
        depth: The schedule of depths.
        quiet: Print nothing but errors.
    """

    env: str = ENVIRONMENT
    agent: str = AGENT
    children: int = 120
    minutes: float | None = None
    seed: int = 0
    run: Path | None = None
    resume: Literal["no", "yes", "auto"] = field(default="no", metadata=BARE)
    control: Literal["random"] | None = None
    track: tuple[str, ...] = ()
    project: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()
    config: Path | None = None
    device: str = "auto"
    evaluator: str | None = None
    objective: str | None = field(default=None, metadata=OBJECTIVES)
    recipe: str | None = None
    space: str | None = None
    agent_preset: str | None = field(default=None, metadata={"name": "agent.preset"})
    evaluation_seed: int = 0
    store: str | None = None
    references: bool = True
    stop_after_failures: int = STOP_AFTER_FAILURES
    order: Literal["submitted", "finished"] = "submitted"
    depth: Depth = field(default_factory=Depth)
    quiet: bool = False


@dataclass(frozen=True)
class Arguments:
    """The command line, checked, with nothing left to decide.

    Attributes:
        env: The environment's id.
        agent: Name and settings of the agent.
        make: The keyword arguments of ``gym.make_vec``.
    """

    env: str
    agent: dict[str, Any]
    make: dict[str, Any]
    children: int
    minutes: float | None
    seed: int
    run: Path | None
    control: str | None
    track: tuple[str, ...]
    project: str | None
    group: str | None
    tags: tuple[str, ...]
    store: str | None
    references: bool
    stop_after_failures: int
    order: str
    depth: Depth
    quiet: bool

    def config(self) -> dict[str, Any]:
        """Return the configuration as a run keeps it, but for its ``id``: JSON values."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        del values["run"], values["quiet"]
        words = {"track": list(self.track), "tags": list(self.tags)}
        return {**values, **words, "depth": asdict(self.depth)}
