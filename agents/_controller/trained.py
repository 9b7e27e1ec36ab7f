"""The recurrent controller together with its optimiser and its random state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from agents._controller.controller import UNITS, Controller, Policy
from agents._repeats import ProposerConfig
from agents._tensors import load_module_state, module_state
from search_spaces import InvalidValue, SearchSpace
from search_spaces._settings import above, at_least, at_most

#: How Zoph & Le 2017 (section 4.1) learn, whatever the number of children and of replicas. They do
#: not give the decay of the baseline.
PAPER: Mapping[str, Any] = {
    "optimiser": "adam",
    "learning_rate": 6e-4,
    "baseline_decay": 0.95,
    "standardise": False,
    "entropy": 0.0,
    "decision_bias": False,
}
LARGEST_ADAM_STEP = 0.1  # weights begin within ±0.08: a larger one leaves nothing of them


@dataclass(frozen=True)
class ControllerConfig(ProposerConfig):
    """Settings that all agents on the recurrent controller have.

    Attributes:
        optimiser: Optimiser, ``"sgd"`` or ``"adam"``.
        learning_rate: Learning rate of the optimiser.
        entropy: Weight of the entropy bonus, summed along an episode; Zoph & Le 2017 have none.
        temperature: Divisor of the logits; Zoph & Le 2017 have none (1).
        max_gradient_norm: Norm to which longer gradients are shortened; 0 for no limit, as in
            Zoph & Le 2017.
        decision_bias: Add a learned bias for each option of each decision to the heads that
            decisions of a kind share; Zoph & Le 2017 have none.
        units: Number of units of each LSTM layer.
        lstm_layers: Number of LSTM layers of the controller.
    """

    optimiser: Literal["sgd", "adam"] = "sgd"
    learning_rate: float = 0.36
    entropy: float = 0.07
    temperature: float = 1.0
    max_gradient_norm: float = 0.0
    decision_bias: bool = True
    units: int = UNITS
    lstm_layers: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        above(self, learning_rate=0)
        at_least(self, entropy=0, max_gradient_norm=0, temperature=0.1, units=1, lstm_layers=1)
        at_most(self, temperature=100, units=10_000, lstm_layers=100)
        if self.optimiser == "adam" and self.learning_rate > LARGEST_ADAM_STEP:
            raise InvalidValue(
                f"optimiser is 'adam' and learning_rate is {self.learning_rate}, by which one step "
                f"moves every weight: expected learning_rate 0.01, at most {LARGEST_ADAM_STEP}"
            )


class TrainedController:
    """A controller, its optimiser and its random state.

    Args:
        space: Search space whose decisions it takes.
        config: Settings of the controller and of its training.
        seed: Seed of weights and samples.
    """

    def __init__(self, space: SearchSpace, config: ControllerConfig, seed: int):
        self.config = config
        self.generator = torch.Generator().manual_seed(seed)
        self.controller = make_controller(space, config, self.generator)
        self.optimiser = make_optimiser(self.controller.parameters(), config)

    def sample(self, count: int, length: int) -> np.ndarray:
        """Sample complete sequences, int64 (count, length)."""
        return self.controller.sample(count, length, self.generator).numpy()

    def evaluate(self, tokens: np.ndarray) -> Policy:
        """Return log-probabilities and entropies along complete int64 (m, decisions)."""
        return self.controller.evaluate(torch.from_numpy(tokens))

    @torch.no_grad()
    def log_probabilities(self, tokens: np.ndarray) -> np.ndarray:
        """Return the log-probability of each token, both (m, decisions)."""
        return self.evaluate(tokens).log_probabilities.numpy()

    def ascend(self, tokens: np.ndarray, weights: np.ndarray, entropy: float) -> dict[str, float]:
        """Take a step up the mean of ``weight · log π(sequence) + entropy · H``; weights (m,)."""
        amounts = torch.tensor(weights, dtype=torch.float32)
        return self.step(tokens, lambda policy: policy_loss(policy, amounts), entropy)

    def step(
        self, tokens: np.ndarray, loss_of: Callable[[Policy], Tensor], entropy: float
    ) -> dict[str, float]:
        """Take one step of the optimiser.

        Args:
            tokens: Complete sequences, int64 (m, decisions).
            loss_of: Loss to descend, as a function of the policy along the sequences.
            entropy: Weight of the entropies to ascend, summed along a sequence.

        Returns:
            Figures for the log.
        """
        limit = self.config.max_gradient_norm
        log = leave_gradient(self.controller, tokens, loss_of, entropy, limit)
        self.optimiser.step()
        return log

    def state(self) -> dict[str, Tensor]:
        """Return weights, optimiser and random state."""
        tensors = module_state(self.controller, self.optimiser)
        return tensors | {"generator": self.generator.get_state()}

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`state` returned."""
        load_module_state(self.controller, self.optimiser, tensors)
        self.generator.set_state(tensors["generator"])


def make_controller(
    space: SearchSpace, config: ControllerConfig, generator: torch.Generator
) -> Controller:
    """Make the recurrent network of a configuration; the generator draws its weights."""
    sizes = config.units, config.lstm_layers
    return Controller(space, generator, *sizes, config.temperature, config.decision_bias)


def make_optimiser(
    parameters: Iterable[nn.Parameter], config: ControllerConfig
) -> torch.optim.Optimizer:
    """Make the optimiser of a configuration."""
    optimiser = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[config.optimiser]
    return optimiser(parameters, lr=config.learning_rate)


def leave_gradient(
    controller: Controller,
    tokens: np.ndarray,
    loss_of: Callable[[Policy], Tensor],
    entropy: float,
    max_norm: float,
) -> dict[str, float]:
    """Leave the gradient of a loss in the parameters of a controller.

    Args:
        controller: The recurrent network.
        tokens: Complete sequences, int64 (m, decisions).
        loss_of: Loss to descend, as a function of the policy along the sequences.
        entropy: Weight of the entropies to ascend, summed along a sequence.
        max_norm: Norm to which a longer gradient is shortened; 0 for no limit.

    Returns:
        Figures for the log.
    """
    policy = controller.evaluate(torch.from_numpy(tokens))
    loss = loss_of(policy)
    spread = policy.entropies.sum(dim=1).mean()
    controller.zero_grad()
    (loss - entropy * spread).backward()
    norm = nn.utils.clip_grad_norm_(controller.parameters(), max_norm or float("inf"))
    return {
        "loss": loss.item(),
        "entropy": spread.item() / tokens.shape[1],
        "gradient_norm": norm.item(),
    }


def policy_loss(policy: Policy, advantages: Tensor) -> Tensor:
    """Return the loss of REINFORCE (section 3.2).

    Its gradient is -1/m sum_k sum_t grad log P(a_t | a_1..t-1) (R_k - b).
    """
    return -(policy.log_probabilities.sum(dim=1) * advantages).mean()
