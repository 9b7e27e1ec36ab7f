"""The base of agents that play by an algorithm of Stable-Baselines3."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.logger import Logger

from agents._base import Advance, Agent, AgentConfig, State, generator_state
from agents._proposals import Episode
from agents._sb3.randomness import Randomness
from agents._sb3.recorder import Recorder, chosen
from agents._sb3.vec_env_adapter import VecEnvAdapter
from agents._tensors import below, load_module_state, module_state, under
from search_spaces import InvalidValue
from search_spaces._settings import at_least, at_most

RECENT = 100  # episodes of which ``rollout/ep_rew_mean`` is the mean, as in SB3


@dataclass(frozen=True)
class StableBaselinesConfig(AgentConfig):
    """Settings that the algorithms have in common, with SB3's names unless another is given.

    Attributes:
        batch_size: Number of episodes played at once (SB3: environments).
        learning_rate: Learning rate of the optimiser.
        gamma: Discount of each decision.
        max_grad_norm: Norm to which longer gradients are shortened.
        units: Number of units of each hidden layer of policy and value (SB3: ``net_arch``).
        hidden_layers: Number of hidden layers of policy and of value (SB3: ``net_arch``).
    """

    batch_size: int = 8
    learning_rate: float = 2.5e-3
    gamma: float = 1.0
    max_grad_norm: float = 0.5
    units: int = 64
    hidden_layers: int = 2

    def __post_init__(self) -> None:
        at_least(self, batch_size=1, learning_rate=0, gamma=0, max_grad_norm=0)
        at_least(self, units=1, hidden_layers=0)
        at_most(self, batch_size=100_000, gamma=1, units=10_000, hidden_layers=100)


Config = TypeVar("Config", bound=StableBaselinesConfig)


class StableBaselines(Agent[Config]):
    """Plays by an algorithm's own loop, cut at its rollouts.

    A rollout that would finish more episodes than are left ends with the last of them. If fewer are
    left than the environment plays at once, the policy plays them and learns nothing.

    A member names its ``algorithm`` and defines :meth:`settings` and :meth:`roll_out`.
    """

    algorithm: ClassVar[Any]
    orders = ("submitted",)
    policy: ClassVar[str] = "MultiInputPolicy"
    #: Attributes of the algorithm, JSON values, that its next rollout depends on.
    counters: ClassVar[tuple[str, ...]] = (
        "num_timesteps",
        "_n_updates",
        "_episode_num",
        "_current_progress_remaining",
    )

    def __init__(self, environment: Any, config: Config, seed: int):
        super().__init__(environment, config, seed)
        self.randomness = Randomness(seed)
        self.vec_env = VecEnvAdapter(environment)
        if not isinstance(self.vec_env.observation_space, spaces.Dict):
            raise InvalidValue(
                f"observation_space is {self.vec_env.observation_space}, expected a Dict: "
                'make the environment with observation="dict"'
            )
        with self.randomness.in_use():
            self.model = self.algorithm(self.policy, self.vec_env, device="cpu", **self.settings())
        self.model.action_space = copy.deepcopy(self.model.action_space)
        self.model.action_space.seed(seed)
        self.model.set_logger(Logger(None, []))
        self.model.ep_info_buffer = deque(maxlen=RECENT)
        self.model.ep_success_buffer = deque(maxlen=RECENT)
        self.recorder = Recorder(len(self.search_space.decisions))
        self.recorder.init_callback(self.model)

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return the keyword arguments of the algorithm."""

    @abstractmethod
    def rollout_steps(self) -> int:
        """Return the number of steps of a whole rollout, in each episode."""

    @abstractmethod
    def roll_out(self, steps: int, learn: bool = True) -> None:
        """Take that many steps in each episode, and learn from them."""

    def draw(self, count: int) -> np.ndarray:
        """Raise an error: the algorithm has a loop of its own."""
        raise NotImplementedError(f"{type(self).__name__} plays only by advance()")

    def update(self, finished: Sequence[Episode]) -> dict[str, float]:
        """Raise an error: the algorithm has a loop of its own."""
        raise NotImplementedError(f"{type(self).__name__} learns only by advance()")

    def advance(self, episodes: int) -> Advance:
        """Play and learn by whole rollouts until episodes are finished, at most ``episodes``."""
        if self._applied != self.options:
            self._begin(self.options)
        rounds = episodes // self.vec_env.num_envs
        with self.randomness.in_use():
            if rounds == 0 and episodes > 0:
                self._play_few(episodes)
            while rounds > 0 and not self.recorder.episodes:
                left = rounds * self._length - self._prefix().shape[1]
                self.roll_out(min(self.rollout_steps(), left))
        return Advance(self.recorder.take(), self.recorder.log())

    # -- state -----------------------------------------------------------------------------------
    def state(self) -> State:
        """Return weights, optimiser, random states, counters and unfinished episodes."""
        model = self.model
        tensors = under("policy", module_state(model.policy, model.policy.optimizer))
        tensors |= under("randomness", self.randomness.tensors())
        values = {
            "counters": {name: getattr(model, name) for name in self.counters},
            "randomness": self.randomness.values(),
            "action_space": generator_state(model.action_space.np_random),
            "recent": [[episode["r"], episode["l"]] for episode in model.ep_info_buffer],
            "options": self._applied,
            "prefix": self._prefix().tolist(),
        }
        return State(tensors, values)

    def load_state(self, state: State) -> None:
        """Restore what :meth:`state` returned, and play unfinished episodes again."""
        model, values = self.model, state.values
        load_module_state(model.policy, model.policy.optimizer, below("policy", state.tensors))
        self.randomness.load(below("randomness", state.tensors), values["randomness"])
        for name, value in values["counters"].items():
            setattr(model, name, value)
        model.action_space.np_random.bit_generator.state = values["action_space"]
        model.ep_info_buffer.clear()
        model.ep_info_buffer.extend({"r": r, "l": steps} for r, steps in values["recent"])
        if values["options"] is not None:
            self._begin(values["options"])
            self._replay(np.array(values["prefix"], dtype=np.int64))

    # -- episodes --------------------------------------------------------------------------------
    @property
    def _length(self) -> int:
        """The number of decisions of an episode."""
        return self.search_space.length(**(self._applied or {}))

    def _begin(self, options: Mapping[str, Any]) -> None:
        """Begin new episodes, with these reset options from now on."""
        self._applied = dict(options)
        self.vec_env.set_options(self._applied)
        self.model._last_obs = self.vec_env.reset()
        self.model._last_episode_starts = np.ones(self.vec_env.num_envs, dtype=bool)

    def _prefix(self) -> np.ndarray:
        """Return the tokens of the unfinished episodes, int64 (m, t)."""
        observation = self.model._last_obs
        if observation is None:
            return np.zeros((self.vec_env.num_envs, 0), dtype=np.int64)
        taken = int(np.ravel(observation["decision"])[0])
        return chosen(observation["tokens"], len(self.search_space.decisions))[:, :taken]

    def _replay(self, prefix: np.ndarray) -> None:
        """Take the decisions of a prefix in episodes that have just begun."""
        for tokens in prefix.T:
            self.model._last_obs = self.vec_env.step(tokens)[0]
            self.model._last_episode_starts = np.zeros(self.vec_env.num_envs, dtype=bool)

    def _play_few(self, count: int) -> None:
        """Finish ``count`` episodes; the others repeat the first, whose evaluation is cached."""
        episodes = np.arange(self.vec_env.num_envs)
        rows = np.where(episodes < count, episodes, 0)
        prefix = self._prefix()[rows]
        self._begin(self._applied or {})
        self._replay(prefix)
        self.vec_env.playing = count
        try:
            self.roll_out(self._length - prefix.shape[1], learn=False)
        finally:
            self.vec_env.playing = self.vec_env.num_envs
