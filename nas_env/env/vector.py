"""The vector environment: many episodes step together, and their children are one batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from nas_env.env._apart import Apart
from nas_env.env._columns import finals
from nas_env.env._interface import (
    RENDER_MODES,
    Interface,
    Observation,
    Step,
    check_actions,
    legal_tokens,
    repaired,
)
from nas_env.errors import InvalidValue
from nas_env.problem import Problem
from search_spaces import SearchSpace


class NASVectorEnv(VectorEnv[Observation, Any, Any]):
    """Made by ``gym.make_vec(id, num_envs=m, vectorization_mode="vector_entry_point")``.

    All m episodes are equally long, so they step together as arrays, end together, and send their m
    architectures to the evaluator as one batch. In all else they are like those of
    :class:`~nas_env.env.single.NASEnv`, whose arguments this class takes too.

    Args:
        num_envs: Number of episodes at once, m.
        autoreset_mode: Mode or its name: ``SAME_STEP`` (the observation after the last decision is
            that of the next episode, and the last one is in ``info["final_obs"]``) or
            ``NEXT_STEP``.
        observation: ``"dict"``, or ``"flat"`` for one array.
        one_step: Take all decisions in one action.
        render_mode: ``"ansi"`` or ``"rgb_array"``: one drawing for each episode.
        max_episode_steps: At least the steps of an episode, which is never cut off; Gymnasium
            passes it on from the ``spec`` of another environment.
        **problem: Task, space, settings of the space, and all other arguments.
    """

    _spec: EnvSpec | None = None

    def __init__(
        self,
        *,
        num_envs: int = 1,
        observation: str = "dict",
        one_step: bool = False,
        render_mode: str | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        max_episode_steps: int | None = None,
        **problem: Any,
    ):
        if num_envs < 1:
            raise InvalidValue(f"num_envs is {num_envs}, expected at least 1")
        self.num_envs = num_envs
        self.closed = True  # Gymnasium 1.2 closes what is thrown away, even when it was never made
        self.problem = Problem(**problem, caller=type(self))
        self.closed = False
        self._interface = Interface(
            self.problem, observation=observation, one_step=one_step, render_mode=render_mode
        )
        self._interface.check_limit(max_episode_steps)
        self.render_mode = render_mode
        self._mode = _autoreset_mode(autoreset_mode)
        self.metadata = {
            "render_modes": list(RENDER_MODES),
            "render_fps": 4,
            "autoreset_mode": self._mode,
        }
        self.single_observation_space = self._interface.observation_space
        self.single_action_space = self._interface.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._static = self.search_space.masks_are_static
        self._episodes = np.arange(num_envs)
        self._batch: Any = self.action_space
        self._shape = (num_envs, *(self.single_action_space.shape or ()))
        self._started = False
        self._apart: Apart | None = None
        self._clear()

    @property
    def spec(self) -> EnvSpec | None:
        """The spec of the environment; see :attr:`nas_env.env.single.NASEnv.spec`."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:  # type: ignore[override]
        self._spec = self._interface.limited(spec)

    @property
    def search_space(self) -> SearchSpace:
        """The search space of the problem."""
        return self.problem.space

    def reset(
        self,
        *,
        seed: int | list[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin m episodes; ``options={"layers": n}`` sets the depth from now on."""
        super().reset(seed=seed if isinstance(seed, int) else None)
        self._interface.take_options(options)
        self._interface.before_first_child()
        self._clear()
        self._started, self._apart = True, None
        return self._observation(), self._mask_info()

    def step(self, actions: Any) -> Step:
        """Take the next decision of all m episodes."""
        if not self._started:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        if self._apart is not None:
            raise InvalidValue("step() after send(): expected recv(), or reset() before step()")
        if self._finished:  # only under NEXT_STEP: this step begins the next episodes
            self._clear()
            return self._answer(np.zeros(self.num_envs), False, self._mask_info())
        array = check_actions(self._batch, self._shape, actions)
        if self._interface.one_step:
            self._take_all(array)
        else:
            self._take(array)
        if not self._finished:
            return self._answer(np.zeros(self.num_envs), False, self._mask_info())
        return self._finish()

    def async_reset(self) -> None:
        """Begin m episodes whose first observations :meth:`recv` returns (EnvPool's name)."""
        self.reset()
        self._episodes_apart().begin()

    def send(self, actions: Any, env_id: Any = None) -> None:
        """Take the next decision of some episodes, and wait for no child (EnvPool's name).

        Args:
            actions: An action for each of them.
            env_id: Numbers of the episodes; None for all.
        """
        self._episodes_apart().send(actions, env_id)

    def recv(self) -> Step:
        """Return what :meth:`step` does, for those episodes alone that have an answer first.

        An episode has it at once, but after its last decision when its child is done.
        ``info["env_id"]`` has their numbers, int64 (n,); all else is in the same order. An episode
        that is over has begun again, as under ``SAME_STEP``.
        """
        return self._episodes_apart().receive()

    def _episodes_apart(self) -> Apart:
        if not self._started:
            raise gymnasium.error.ResetNeeded("call reset() or async_reset() before send()")
        if self._apart is None:
            if self._mode is not AutoresetMode.SAME_STEP or self._position:
                raise InvalidValue("send() needs autoreset_mode SAME_STEP and new episodes")
            self._apart = Apart(self._interface, self.num_envs)
        return self._apart

    def announce(self, tokens: np.ndarray) -> None:
        """Announce sequences, int64 (n, decisions), that will be played soon: workers may begin.

        An announcement influences neither what is played nor any reward.
        """
        self._interface.before_first_child()
        self.problem.announce(tokens.tolist())

    def action_masks(self) -> np.ndarray:
        """Return the open options of each episode, bool (m, n)."""
        return self._masks().astype(bool)

    def render(self) -> Any:
        """Draw the architecture so far of each episode."""
        if self.render_mode is None:
            gymnasium.logger.warn("render() draws nothing without a render_mode")
            return None
        from nas_env.env._frames import frame

        as_text = self.render_mode == "ansi"
        return tuple(
            frame(self.search_space, tuple(row), self._length, None, as_text=as_text)
            for row in self._tokens[:, : self._position].tolist()
        )

    def close_extras(self, **kwargs: Any) -> None:
        """Stop the evaluator and close the store."""
        self.problem.close()

    # -- the episodes ----------------------------------------------------------------------------
    @property
    def _finished(self) -> bool:
        return self._position == self._length

    def _clear(self) -> None:
        self._length = self._interface.length
        self._position = 0
        self._tokens = np.zeros((self.num_envs, self._length), dtype=np.int64)
        self._chosen = np.zeros((self.num_envs, self._interface.width), dtype=np.float32)

    def _take(self, actions: np.ndarray) -> None:
        interface, position = self._interface, self._position
        if not self._static:
            tokens = legal_tokens(self._masks(), actions)
        elif (count := interface.counts[position]) < interface.options:
            tokens = actions * (actions < count)  # 0 is the next open one, wrapping round
        else:
            tokens = actions
        self._tokens[:, position] = tokens
        start = interface.first + position * interface.options
        self._chosen[:, start:][self._episodes, tokens] = 1
        self._position += 1

    def _take_all(self, actions: np.ndarray) -> None:
        self._tokens = repaired(self.search_space, actions[:, : self._length])
        interface = self._interface
        starts = interface.first + np.arange(self._length) * interface.options
        np.put_along_axis(self._chosen, starts + self._tokens, 1, axis=1)
        self._position = self._length

    def _finish(self) -> Step:
        rewards, ending = self._interface.endings.many(self._tokens, self._add_info)
        info = {**self._mask_info(), **ending}
        if self._mode is AutoresetMode.NEXT_STEP:
            return self._answer(rewards, True, info)
        every = np.ones(self.num_envs, dtype=bool)
        ends = finals(self._each(self._observation()), info, every)
        self._clear()
        return self._answer(rewards, True, {**ends, **self._mask_info()})

    def _answer(self, rewards: np.ndarray, terminated: bool, info: dict[str, Any]) -> Step:
        over = np.full(self.num_envs, terminated)
        return self._observation(), rewards, over, np.zeros(self.num_envs, dtype=bool), info

    def _observation(self) -> Observation:
        decision = self._interface.decisions if self._finished else self._position
        rows = self._chosen.copy()
        if self._interface.flat:
            rows[:, decision] = 1
            return rows
        return {"decision": np.full(self.num_envs, decision, dtype=np.int64), "tokens": rows}

    def _each(self, observation: Observation) -> Iterator[Observation]:
        """Return an iterator over the observations of the single episodes."""
        if self._interface.flat:
            return iter(observation)
        pairs = zip(*observation.values(), strict=True)
        return ({"decision": decision, "tokens": tokens} for decision, tokens in pairs)

    def _masks(self) -> np.ndarray:
        """Return fresh masks, int8 (m, n)."""
        interface = self._interface
        if interface.one_step:
            return np.repeat(interface.flat_mask()[None], self.num_envs, axis=0)
        if self._finished:
            return np.repeat(interface.finished_mask[None], self.num_envs, axis=0)
        if self._static:
            return np.repeat(interface.masks[self._position][None], self.num_envs, axis=0)
        return self.search_space.open_mask(self._tokens[:, : self._position]).astype(np.int8)

    def _mask_info(self) -> dict[str, Any]:
        return {"action_mask": self._masks(), "_action_mask": np.ones(self.num_envs, dtype=bool)}


def _autoreset_mode(mode: AutoresetMode | str) -> AutoresetMode:
    known = {AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP}
    for candidate in known:
        if mode in (candidate, candidate.name, candidate.value):
            return candidate
    raise InvalidValue(f"autoreset_mode is {mode!r}, expected SAME_STEP or NEXT_STEP")
