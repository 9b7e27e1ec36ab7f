"""Episodes of a vector environment that step apart: each goes on as soon as it has an answer."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from gymnasium.vector import VectorEnv
from gymnasium.vector.utils import batch_space

from nas_env.env._columns import finals
from nas_env.env._endings import Info, terminal_info
from nas_env.env._interface import (
    Interface,
    Observation,
    Step,
    check_actions,
    legal_tokens,
    repaired,
)
from nas_env.errors import InvalidValue
from nas_env.evaluation import Ticket


class Ending(NamedTuple):
    """The end of one episode."""

    reward: float
    observation: Observation
    info: Info


class Apart:
    """Sends actions to some episodes, and receives the answers of those that are done first.

    Args:
        interface: The environment's side of Gymnasium.
        count: Number of episodes, m.
    """

    def __init__(self, interface: Interface, count: int):
        self.interface, self.problem = interface, interface.problem
        self.length, self.count = interface.length, count
        self.tokens = np.zeros((count, self.length), dtype=np.int64)
        self.chosen = np.zeros((count, interface.width), dtype=np.float32)
        self.positions = np.zeros(count, dtype=np.int64)
        self._mine = set(range(count))  # episodes that wait for an action
        self._ready: dict[int, Ending | None] = {}  # episodes that have an answer
        self._flying: dict[int, int] = {}  # episodes that wait for a child, by its ticket

    def begin(self) -> None:
        """Let the first observations of all episodes be received."""
        self._ready, self._mine = dict.fromkeys(range(self.count)), set()

    def send(self, actions: Any, env_id: Any = None) -> None:
        """Take the next decision of these episodes, by default of all; wait for no child."""
        ids = np.arange(self.count) if env_id is None else np.asarray(env_id)
        given = set(ids.tolist())
        if len(given) < len(ids) or not given <= self._mine:
            raise InvalidValue(
                f"env_id is {ids.tolist()}, these wait for an action: {sorted(self._mine)}"
            )
        space: Any = batch_space(self.interface.action_space, len(ids))
        taken = check_actions(space, space.shape, actions)
        self._take_all(ids, taken) if self.interface.one_step else self._take(ids, taken)
        self._mine -= given
        over = self.positions[ids] == self.length
        self._ready.update(dict.fromkeys(ids[~over].tolist()))
        finished = ids[over].tolist()
        tickets = self.problem.submit(self.tokens[finished].tolist())
        numbers = (ticket.number for ticket in tickets)
        self._flying.update(zip(numbers, finished, strict=True))

    def receive(self) -> Step:
        """Return the episodes that have an answer, in the order in which they got it."""
        if not self._ready and not self._flying:
            raise InvalidValue("recv() has nothing to wait for: expected send() before")
        while self._flying:
            for ticket in self.problem.completed(timeout=0 if self._ready else None):
                if (episode := self._flying.pop(ticket.number, None)) is not None:
                    self._ready[episode] = self._ending(episode, ticket)
            if self._ready:
                break
        ready, self._ready = self._ready, {}
        self._mine |= ready.keys()
        return self._answer(ready)

    def observation(self, ids: np.ndarray) -> Observation:
        """Return the observations of some episodes."""
        positions = self.positions[ids]
        decisions = np.where(positions == self.length, self.interface.decisions, positions)
        rows = self.chosen[ids]
        if self.interface.flat:
            rows[np.arange(len(ids)), decisions] = 1
            return rows
        return {"decision": decisions, "tokens": rows}

    def masks(self, ids: np.ndarray) -> np.ndarray:
        """Return the masks of some unfinished episodes, int8 (n, options)."""
        interface, positions = self.interface, self.positions[ids]
        if interface.one_step:
            return np.repeat(interface.flat_mask()[None], len(ids), axis=0)
        masks = interface.masks[positions]
        if not interface.space.masks_are_static:
            for position in np.unique(positions).tolist():
                at = positions == position
                masks[at] = interface.space.open_mask(self.tokens[ids[at], :position])
        return masks

    # -- the episodes ----------------------------------------------------------------------------
    def _take(self, ids: np.ndarray, actions: np.ndarray) -> None:
        positions, interface = self.positions[ids], self.interface
        tokens = legal_tokens(self.masks(ids), actions)
        self.tokens[ids, positions] = tokens
        self.chosen[ids, interface.first + positions * interface.options + tokens] = 1
        self.positions[ids] += 1

    def _take_all(self, ids: np.ndarray, actions: np.ndarray) -> None:
        interface = self.interface
        tokens = repaired(interface.space, actions[:, : self.length])
        self.tokens[ids] = tokens
        starts = interface.first + np.arange(self.length) * interface.options
        self.chosen[ids[:, None], starts + tokens] = 1
        self.positions[ids] = self.length

    def _clear(self, episode: int) -> None:
        self.tokens[episode] = self.chosen[episode] = self.positions[episode] = 0

    def _ending(self, episode: int, ticket: Ticket) -> Ending:
        """Return the end of an episode whose child is done, and begin the next."""
        reward = self.problem.objective.reward(ticket.evaluation)
        last = self._single(self.observation(np.array([episode])))
        info = terminal_info(ticket.architecture, ticket.evaluation)
        self._clear(episode)
        return Ending(reward, last, {"action_mask": self._last_mask(), **info})

    def _last_mask(self) -> np.ndarray:
        """Return the mask of an episode that is over."""
        interface = self.interface
        return interface.flat_mask() if interface.one_step else interface.finished_mask.copy()

    def _single(self, batch: Observation) -> Observation:
        """Return the observation of a batch of one."""
        if self.interface.flat:
            return batch[0]
        return {name: values[0] for name, values in batch.items()}

    def _answer(self, ready: dict[int, Ending | None]) -> Step:
        ids = np.array(list(ready), dtype=np.int64)
        every, endings = np.ones(len(ids), dtype=bool), list(ready.values())
        rewards = np.array([0.0 if end is None else end.reward for end in endings])
        over = np.array([end is not None for end in endings])
        info = {"env_id": ids, "action_mask": self.masks(ids), "_action_mask": every}
        if over.any():
            info |= _final(endings, over)
        return self.observation(ids), rewards, over, np.zeros(len(ids), dtype=bool), info


def _final(endings: list[Ending | None], over: np.ndarray) -> dict[str, Any]:
    """Return ``final_obs`` and ``final_info`` of the episodes that are over, as Gymnasium does."""
    stack: VectorEnv = VectorEnv()
    stack.num_envs = len(endings)
    info: Info = {}
    for index, end in enumerate(endings):
        if end is not None:
            info = stack._add_info(info, end.info, index)
    return finals((end and end.observation for end in endings), info, over)
