"""REINFORCE with a baseline on the recurrent controller (Zoph & Le 2017, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from agents._base import Agent, AgentConfig, Episode, State
from agents._baselines import History, make_baseline
from agents._controller import Controller, Policy
from search_spaces._settings import at_least, at_most, between


@dataclass(frozen=True)
class ReinforceConfig(AgentConfig):
    """Settings of REINFORCE; the defaults learn within tens of episodes (docs/learning.md).

    Attributes:
        batch_size: Episodes an update, m.
        optimiser: ``"sgd"`` or ``"adam"``.
        learning_rate: Of the optimiser.
        baseline: ``"ema"``: moving average of earlier rewards; ``"batch_mean"``: mean of the
            batch's other rewards; ``"none"``.
        baseline_decay: The share of the moving average that a batch leaves; the paper does not
            say.
        standardise: Divide the advantage by the deviation of all earlier rewards, so that one
            learning rate serves many tasks; the paper does not.
        max_advantage: A standardised advantage beyond it is cut off: early on, the deviation is
            of few rewards, and one step could end all exploration.
        entropy: Weight of the entropy bonus, summed along an episode; the paper has none.
        temperature: The logits are divided by it; the paper has none (1).
        max_gradient_norm: Longer gradients are shortened to it; 0 for never, as in the paper.
        decision_bias: A learned bias per option of each single decision, beside the heads that
            decisions of a kind share; the paper has none.
        units: Of each LSTM layer.
        lstm_layers: Of the controller.
    """

    batch_size: int = 2
    optimiser: Literal["sgd", "adam"] = "sgd"
    learning_rate: float = 0.36
    baseline: Literal["ema", "batch_mean", "none"] = "ema"
    baseline_decay: float = 0.8
    standardise: bool = True
    max_advantage: float = 2.0
    entropy: float = 0.07
    temperature: float = 1.0
    max_gradient_norm: float = 0.0
    decision_bias: bool = True
    units: int = 35
    lstm_layers: int = 2

    def __post_init__(self) -> None:
        at_least(self, batch_size=1, learning_rate=0, entropy=0, max_gradient_norm=0)
        at_most(self, batch_size=100_000, units=10_000, lstm_layers=100)
        at_least(self, units=1, lstm_layers=1, temperature=1e-3, max_advantage=0)
        between(self, 0, 1, "baseline_decay")


class Reinforce(Agent[ReinforceConfig]):
    """Samples architectures from the controller, and follows the policy gradient."""

    config_class = ReinforceConfig
    presets: ClassVar = {
        "default": ReinforceConfig(),
        # Section 4.1: Adam 6e-4, m = 8 children a replica; the decay is not given.
        "paper": ReinforceConfig(
            batch_size=8,
            optimiser="adam",
            learning_rate=6e-4,
            baseline_decay=0.95,
            standardise=False,
            entropy=0.0,
            decision_bias=False,
        ),
    }

    def __init__(self, environment: Any, config: ReinforceConfig, seed: int):
        super().__init__(environment, config, seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.controller = Controller(
            self.search_space,
            self.generator,
            config.units,
            config.lstm_layers,
            config.temperature,
            config.decision_bias,
        )
        kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[config.optimiser]
        self.optimiser = kind(self.controller.parameters(), lr=config.learning_rate)
        self.baseline = make_baseline(config.baseline, config.baseline_decay)
        self.history = History()

    def propose(self, count: int) -> np.ndarray:
        """Sample from the controller."""
        length = self.search_space.length(**self.options)
        return self.controller.sample(count, length, self.generator).numpy()

    def learn(self, finished: Sequence[Episode]) -> dict[str, float]:
        """One step up the policy gradient; the baseline is the one from before these rewards."""
        rewards = np.array([episode.reward for episode in finished])
        log = {"baseline": self.baseline.value, "reward": float(rewards.mean())}
        advantages = self.baseline.advantages(rewards)
        if advantages is not None:
            if self.config.standardise:
                limit = self.config.max_advantage
                advantages = (advantages / self.history.deviation).clip(-limit, limit)
            tokens = torch.tensor([episode.tokens for episode in finished])
            log |= self.step(tokens, torch.tensor(advantages, dtype=torch.float32))
        self.baseline.update(rewards)
        self.history.update(rewards)
        return {name: value for name, value in log.items() if np.isfinite(value)}

    def step(self, tokens: Tensor, advantages: Tensor) -> dict[str, float]:
        """One step of the optimiser on int64 (m, decisions) and (m,)."""
        policy = self.controller.evaluate(tokens)
        loss = policy_loss(policy, advantages)
        entropy = policy.entropies.sum(dim=1).mean()
        self.optimiser.zero_grad()
        (loss - self.config.entropy * entropy).backward()
        limit = self.config.max_gradient_norm or float("inf")
        norm = torch.nn.utils.clip_grad_norm_(self.controller.parameters(), limit)
        self.optimiser.step()
        return {
            "loss": loss.item(),
            "entropy": entropy.item() / tokens.shape[1],
            "gradient_norm": norm.item(),
        }

    def state(self) -> State:
        """Controller, optimiser, baseline, spread of the rewards, random state."""
        tensors = {f"controller.{k}": v for k, v in self.controller.state_dict().items()}
        tensors["generator"] = self.generator.get_state()
        optimiser = self.optimiser.state_dict()["state"]
        for index, slots in optimiser.items():
            for name, value in slots.items():
                if value is not None:
                    tensors[f"optimiser.{index}.{name}"] = torch.as_tensor(value)
        values = {"baseline": self.baseline.state(), "history": self.history.state()}
        return State({name: value.detach().clone() for name, value in tensors.items()}, values)

    def load_state(self, state: State) -> None:
        """Go on from it."""
        weights: dict[str, Tensor] = {}
        slots: dict[int, dict[str, Tensor]] = {}
        for name, tensor in state.tensors.items():
            part, _, rest = name.partition(".")
            if part == "controller":
                weights[rest] = tensor
            elif part == "optimiser":
                index, _, slot = rest.partition(".")
                slots.setdefault(int(index), {})[slot] = tensor.clone()
        self.controller.load_state_dict(weights)
        self.generator.set_state(state.tensors["generator"])
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": slots, "param_groups": groups})
        self.baseline.load_state(state.values["baseline"])
        self.history.load_state(state.values["history"])


def policy_loss(policy: Policy, advantages: Tensor) -> Tensor:
    """Its gradient is minus 1/m sum_k sum_t grad log P(a_t | a_1..t-1) (R_k - b): section 3.2."""
    return -(policy.log_probabilities.sum(dim=1) * advantages).mean()
