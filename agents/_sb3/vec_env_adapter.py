"""The adapter from a Gymnasium vector environment to the ``VecEnv`` of Stable-Baselines3."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv

from agents._base import unstack
from search_spaces import InvalidValue


class VecEnvAdapter(VecEnv):
    """A Gymnasium vector environment as the ``VecEnv`` of Stable-Baselines3.

    SB3 refuses Gymnasium's vector environments, and its own step one environment after the other.
    Through this adapter all episodes step together, and their children are requested as one batch.

    ``info`` of a finished episode has ``terminal_observation``, the content of ``final_info``, and
    ``episode`` as SB3's ``Monitor`` writes it: the sum of rewards ``r``, steps ``l``, seconds
    ``t`` since the adapter was made. ``env_method("action_masks")`` returns one mask an episode, as
    sb3-contrib's ``MaskablePPO`` requires.

    Args:
        environment: Vector environment with autoreset in the same step.

    Attributes:
        playing: Number of episodes that take their own actions, at first all. The others repeat
            the actions of the first, and their ``info`` has no ``episode``.

    Raises:
        InvalidValue: If the environment resets in the next step.

    Example:
        >>> import gymnasium
        >>> way = {"vectorization_mode": "vector_entry_point"}
        >>> envs = gymnasium.make_vec("nas_env:NAS-Digits-v0", num_envs=2, **way)
        >>> vec_env = VecEnvAdapter(envs)
        >>> vec_env.reset()["decision"].tolist()
        [0, 0]
        >>> vec_env.env_method("action_masks")[1].tolist()
        [True, True, True, True]
        >>> vec_env.close()
    """

    def __init__(self, environment: VectorEnv):
        mode = environment.metadata.get("autoreset_mode")
        if mode is not AutoresetMode.SAME_STEP:
            raise InvalidValue(
                f"autoreset_mode is {mode}, Stable-Baselines3 needs SAME_STEP: make the "
                "environment by gymnasium.make_vec"
            )
        self.environment = environment
        super().__init__(
            environment.num_envs,
            environment.single_observation_space,
            copy.deepcopy(environment.single_action_space),  # it is sampled from, and seeded
        )
        self.playing = self.num_envs
        self._made = time.time()
        self._begin()

    def reset(self) -> Any:
        """Begin all episodes, with the first seed and the reset options that were set."""
        if any(options != self._options[0] for options in self._options):
            raise InvalidValue(f"options are {self._options}, expected one for all episodes")
        observation, info = self.environment.reset(
            seed=self._seeds[0], options=self._options[0] or None
        )
        self._reset_seeds()
        self._reset_options()
        self._begin()
        self.reset_infos = [unstack(info, index) for index in range(self.num_envs)]
        return observation

    def step_async(self, actions: np.ndarray) -> None:
        """Keep the actions for :meth:`step_wait`."""
        self._actions = np.array(actions)
        self._actions[self.playing :] = self._actions[0]

    def step_wait(self) -> tuple[Any, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Take the actions; rewards are float32, as in SB3's own environments."""
        observation, rewards, terminated, truncated, info = self.environment.step(self._actions)
        self._returns += rewards
        self._steps += 1
        dones = terminated | truncated
        infos = [unstack(info, index) for index in range(self.num_envs)]
        for index in range(self.num_envs):
            infos[index]["TimeLimit.truncated"] = bool(truncated[index] and not terminated[index])
        for index in np.flatnonzero(dones):
            infos[index] = self._ending(infos[index], int(index))
        return observation, rewards.astype(np.float32), dones, infos

    def close(self) -> None:
        """Close the environment."""
        self.environment.close()

    # -- what SB3 asks a VecEnv for ----------------------------------------------------------------
    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return the environment's attribute, the same for each episode."""
        value = getattr(self.environment.unwrapped, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of the environment, for all episodes."""
        setattr(self.environment.unwrapped, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method that has a result for each episode, such as ``action_masks``."""
        answers = getattr(self.environment.unwrapped, method_name)(*method_args, **method_kwargs)
        return [answers[index] for index in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Say yes for ``Monitor``, since ``info`` has what that writes, and no for all others."""
        return [wrapper_class is Monitor for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[np.ndarray | None]:
        """Return a drawing of each episode."""
        drawings: Any = self.environment.render()
        return drawings or [None] * self.num_envs

    # -- episodes ----------------------------------------------------------------------------------
    def _begin(self) -> None:
        self._returns = np.zeros(self.num_envs)
        self._steps = np.zeros(self.num_envs, dtype=np.int64)

    def _ending(self, info: dict[str, Any], index: int) -> dict[str, Any]:
        """Return the ``info`` of an episode that has ended, and begin to count the next one."""
        final = info.pop("final_info", {})
        ending = {**info, **final, "terminal_observation": info.pop("final_obs")}
        ending.pop("final_obs", None)
        if index < self.playing:
            ending["return"] = float(self._returns[index])
            ending["episode"] = {
                "r": round(float(self._returns[index]), 6),
                "l": int(self._steps[index]),
                "t": round(time.time() - self._made, 6),
            }
        self._returns[index], self._steps[index] = 0.0, 0
        return ending
