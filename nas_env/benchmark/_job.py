"""One job of a benchmark: an agent plays an environment with one seed until a budget is spent."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np

from agents import agent_names, make_agent, make_config
from nas_env.benchmark._environment import Truth, make_environment, truth_of
from nas_env.run.store import shown
from nas_env.search.summary import versions

BudgetKind = Literal["episodes", "distinct"]
PATIENCE = 10  # a budget of n distinct architectures ends after n times as many episodes


@dataclass(frozen=True)
class Budget:
    """The length of a search.

    Attributes:
        kind: ``episodes``, or ``distinct``: different architectures, where repeats are free.
        amount: Number of them.
    """

    kind: BudgetKind
    amount: int

    @property
    def most(self) -> int:
        """The largest number of episodes that a search can last."""
        return self.amount * (PATIENCE if self.kind == "distinct" else 1)

    def left(self, episodes: int, distinct: int) -> int:
        """Return a number of further episodes that cannot exceed the budget.

        Example:
            >>> Budget("distinct", 5).left(episodes=48, distinct=2)
            2
        """
        used = distinct if self.kind == "distinct" else episodes
        return min(self.amount - used, self.most - episodes)


@dataclass(frozen=True)
class Job:
    """Everything that decides what is played, as plain JSON values.

    Attributes:
        environment: Id of the environment.
        make: Further keyword arguments of the environment.
        agent: Name and every setting of the agent.
        label: Name of the agent on a page; it has no effect on what is played.
        seed: Seed of the agent.
        budget: Length of the search.
    """

    environment: str
    make: Mapping[str, Any]
    agent: Mapping[str, Any]
    label: str = field(compare=False)
    seed: int
    budget: Budget

    @property
    def key(self) -> str:
        """The name of the job: a key is played only once. The path of a store is no part of it."""
        make = {name: value for name, value in self.make.items() if name != "store"}
        values = asdict(replace(self, label="", make=make))
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Read what :meth:`to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "budget": Budget(**values["budget"])})

    def to_json(self) -> str:
        """Return the job as one line of JSON with sorted keys."""
        values = asdict(self)
        if isinstance(store := values["make"].get("store"), str):
            values["make"]["store"] = shown(store)  # no password is written
        return json.dumps(values, sort_keys=True)


def agent_spec(text: str, kind: BudgetKind = "episodes") -> tuple[dict[str, Any], str]:
    """Return the spec and the label of an agent that is named on the command line.

    No batches are proposed ahead: this is useful where children are trained, and a table answers
    at once.

    Args:
        text: ``name``, ``name:preset``, ``package.module:NAME`` or ``package.module:NAME:preset``.
        kind: What the budget counts; with ``distinct`` the agent avoids repeats if it can.

    Returns:
        The spec, and the label; it ends with ``-u`` if no architecture is evaluated twice.
    """
    at = 1 if text.partition(":")[0] in agent_names() or ":" not in text else 2
    parts = text.split(":")
    name, preset = ":".join(parts[:at]), ":".join(parts[at:])
    spec = {"name": name, "preset": preset or "default"}
    settings = asdict(make_config(spec)[1])
    if kind == "distinct" and "avoid_repeats" in settings:
        settings["avoid_repeats"] = True
    if "ahead" in settings:
        settings["ahead"] = 0
    return {"name": name, **settings}, text + ("-u" if settings.get("avoid_repeats") else "")


def play(job: Job) -> dict[str, Any]:
    """Play a job and return its record: plain JSON values, columns with an item per episode."""
    environment = make_environment(job.environment, job.make, job.agent, job.budget.most)
    with contextlib.closing(environment):
        log = _Log(environment.unwrapped.problem)
        agent = make_agent(job.agent, environment, job.seed)
        started = time.perf_counter()
        while (left := job.budget.left(len(log.tokens), len(log.known))) > 0:
            played = agent.advance(left).episodes
            if not played:
                raise RuntimeError(f"{job.label} played no episode")
            for episode in played:
                log.add(episode)
        wall = time.perf_counter() - started
        return log.record(wall, truth_of(environment))


class _Log:
    """The episodes of a job."""

    def __init__(self, problem: Any):
        self.problem, self.main = problem, problem.task.metric
        self.tokens: list[tuple[int, ...]] = []
        self.reward: list[float] = []
        self.metric: list[float | None] = []
        self.seconds: list[float] = []
        self.distinct: list[int] = []
        self.known: set[str] = set()
        self._canonical: dict[tuple[int, ...], str] = {}

    def add(self, episode: Any) -> None:
        """Note a finished episode."""
        ok = episode.evaluation["status"] == "ok"
        self.tokens.append(tuple(episode.tokens))
        self.reward.append(float(episode.reward))
        self.metric.append(float(episode.evaluation["metrics"][self.main.name]) if ok else None)
        self.known.add(self._name(episode))
        self.distinct.append(len(self.known))

    def record(self, wall: float, truth: Truth | None) -> dict[str, Any]:
        """Return all columns, with those that a function adds."""
        columns = {
            "tokens": [list(tokens) for tokens in self.tokens],
            "reward": self.reward,
            "validation": self.metric,
            "distinct": self.distinct,
            "wall_seconds": wall,
            "metric": self.main.name,
            "problem": self.problem.spec,
            "versions": versions(),
        }
        if truth is None:
            seconds = _plain(self._measured_seconds())
            return {**columns, "seconds": seconds, "maximise": self.main.maximise}
        return {
            **columns,
            **({"test": _plain(truth.test(self.tokens))} if truth.has_test else {}),
            "seconds": _plain(truth.seconds(self.tokens)),
            "maximise": truth.maximise,
            "optimum": truth.optimum,
        }

    def _name(self, episode: Any) -> str:
        tokens = tuple(episode.tokens)
        if tokens not in self._canonical:
            canonical = self.problem.space.parse(episode.architecture).canonical()
            self._canonical[tokens] = json.dumps(canonical.to_dict(), sort_keys=True)
        return self._canonical[tokens]

    def _measured_seconds(self) -> np.ndarray:
        """The seconds of training that each child took, where children are really trained."""
        space, store, spent = self.problem.space, self.problem.store, {}
        for tokens in set(self.tokens):
            kept = store.get(self.problem.request(space.decode(tokens)).key)
            spent[tokens] = np.nan if kept is None else sum(kept.seconds.values())
        return np.array([spent[tokens] for tokens in self.tokens])


def _plain(values: np.ndarray) -> list[float | None]:
    """Replace NaN, which JSON does not have, by None."""
    return [None if np.isnan(value) else float(value) for value in values]
