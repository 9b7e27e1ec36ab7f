"""Priority-queue training with REINFORCE (Abolafia et al. 2018, 1801.03526)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from agents._base import State
from agents._controller.trained import ControllerConfig, TrainedController
from agents._gradient.baselines import ExponentialMovingAverage, Ranks
from agents._gradient.logits import Logits
from agents._gradient.policy_gradient import TrainablePolicy
from agents._proposals import Episode, tokens_of
from agents._repeats import Proposer
from agents._tensors import below, under
from search_spaces import InvalidValue
from search_spaces._settings import at_least, between


@dataclass(frozen=True)
class PriorityQueueConfig(ControllerConfig):
    """Settings of priority-queue training.

    Attributes:
        batch_size: Number of episodes in an update.
        avoid_repeats: Never play an architecture twice while new ones are found.
        policy: ``"table"``, logits that depend on all earlier choices; ``"independent"``, logits
            that depend on none; or ``"controller"``, the recurrent controller.
        start: Number of uniform episodes before the policy plays.
        queue_size: Number of best architectures that are imitated.
        imitation: Weight of the log-probability of imitated architectures.
        reinforce: Weight of the policy gradient.
        baseline_decay: Weight of the old moving average when a batch is added.
        learning_rate: Learning rate of a table's logits, or of the controller's optimiser.
        weights_learning_rate: Learning rate of the effect of earlier choices on a table's logits.
        optimiser: Optimiser of the controller; a table follows the plain gradient.
        entropy: Weight of the entropy bonus in either step, summed along an episode.
    """

    avoid_repeats: bool = True
    policy: Literal["table", "independent", "controller"] = "table"
    start: int = 20
    queue_size: int = 5
    imitation: float = 1.0
    reinforce: float = 1.0
    baseline_decay: float = 0.9
    learning_rate: float = 0.443
    weights_learning_rate: float = 0.133
    entropy: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, start=0, queue_size=1, imitation=0, reinforce=0, weights_learning_rate=0)
        between(self, 0, 1, "baseline_decay")
        if self.imitation == self.reinforce == 0:
            raise InvalidValue(
                "imitation and reinforce are 0, so that nothing is learned: expected one of them "
                "above 0"
            )


class PriorityQueue(Proposer[PriorityQueueConfig]):
    """Takes two steps an update: up REINFORCE's gradient, and towards the best architectures.

    A reward counts by its rank among all earlier ones, u = 2 · mid-rank - 1; the advantage is u
    minus a moving average of u.

    Attributes:
        queue: Rewards and tokens of the best different architectures, the best first.
    """

    config_class = PriorityQueueConfig
    presets: ClassVar = {
        "default": PriorityQueueConfig(),
        # Tuned on NAS-Bench-Digits (nas-benchmark tune), rounded.
        "tuned": PriorityQueueConfig(
            start=12,
            queue_size=8,
            imitation=0.43,
            reinforce=1.6,
            baseline_decay=0.87,
            learning_rate=0.63,
            weights_learning_rate=0.019,
        ),
        "controller": PriorityQueueConfig(
            policy="controller", optimiser="adam", learning_rate=0.01
        ),
    }

    def __init__(self, environment: Any, config: PriorityQueueConfig, seed: int):
        super().__init__(environment, config, seed)
        self.policy = self.make_policy()
        self.baseline = ExponentialMovingAverage(config.baseline_decay)
        self.ranks = Ranks()
        self.queue: list[tuple[float, tuple[int, ...]]] = []

    def make_policy(self) -> TrainablePolicy:
        """Make the policy that the configuration names."""
        config = self.config
        if config.policy == "controller":
            return TrainedController(self.search_space, config, self.seed)
        weights_rate = config.weights_learning_rate if config.policy == "table" else None
        return Logits(self.search_space, self.rng, config.learning_rate, weights_rate)

    def sample(self, count: int) -> np.ndarray:
        """Draw uniform choices at first, then samples of the policy."""
        if len(self.ranks) < self.config.start:
            return self.uniform(count)
        return self.policy.sample(count, self.length)

    def update(self, finished: Sequence[Episode]) -> dict[str, float]:
        """Rank and queue the episodes; once the policy plays, learn from both."""
        rewards = np.array([episode.reward for episode in finished])
        scores = np.array([self.ranks.score(reward) for reward in rewards])
        advantages = self.baseline.advantages(scores)
        self.baseline.update(scores)
        self.ranks.update(rewards)
        self.push(finished)
        log = {"reward": float(rewards.mean()), "queue_worst": self.queue[-1][0]}
        if len(self.ranks) <= self.config.start or advantages is None:
            return log
        played = tokens_of(finished)
        return log | self.train(played, advantages)

    def train(self, played: np.ndarray, advantages: np.ndarray) -> dict[str, float]:
        """Take the two steps; one whose weight is 0 is omitted with its entropy bonus."""
        config, log = self.config, {}
        if config.reinforce:
            log |= self.policy.ascend(played, config.reinforce * advantages, config.entropy)
        if config.imitation:
            best = np.array([tokens for _, tokens in self.queue])
            weights = np.full(len(best), config.imitation)
            imitated = self.policy.ascend(best, weights, config.entropy)
            log["imitation_loss"] = imitated["loss"]
        return log

    def push(self, finished: Sequence[Episode]) -> None:
        """Add episodes to the queue, and keep the best.

        Architectures of another depth leave it, since their rewards do not compare. If an
        architecture was played twice, the first reward stays.
        """
        length = len(finished[0].tokens)
        found = [entry for entry in self.queue if len(entry[1]) == length]
        found += [(episode.reward, episode.tokens) for episode in finished]
        different: dict[int, tuple[float, tuple[int, ...]]] = {}
        for entry in found:
            different.setdefault(self.memory.mark(entry[1]), entry)
        ordered = sorted(different.values(), key=lambda entry: -entry[0])
        self.queue = ordered[: self.config.queue_size]

    def state(self) -> State:
        """Return policy, baseline, ranks, queue and random state."""
        state = super().state()
        state.tensors |= {**under("policy", self.policy.state()), "rewards": self.ranks.state()}
        state.values["baseline"] = self.baseline.state()
        state.values["queue"] = [[reward, list(tokens)] for reward, tokens in self.queue]
        return state

    def load_state(self, state: State) -> None:
        """Restore what :meth:`state` returned."""
        super().load_state(state)
        self.policy.load_state(below("policy", state.tensors))
        self.ranks.load_state(state.tensors["rewards"])
        self.baseline.load_state(state.values["baseline"])
        self.queue = [(reward, tuple(tokens)) for reward, tokens in state.values["queue"]]
