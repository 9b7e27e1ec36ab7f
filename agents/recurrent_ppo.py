"""PPO of sb3-contrib with LSTMs as policy and value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sb3_contrib
from sb3_contrib.common.recurrent.type_aliases import RNNStates

from agents._base import State
from agents._sb3.on_policy import PPOConfig, Proximal
from search_spaces._settings import at_least, at_most


@dataclass(frozen=True)
class RecurrentPPOConfig(PPOConfig):
    """Settings of recurrent PPO.

    Attributes:
        lstm_units: Number of units of each LSTM (SB3: ``lstm_hidden_size``).
        lstm_layers: Number of layers of each LSTM (SB3: ``n_lstm_layers``).
    """

    lstm_units: int = 64
    lstm_layers: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, lstm_units=1, lstm_layers=1)
        at_most(self, lstm_units=10_000, lstm_layers=100)


class RecurrentPPO(Proximal[RecurrentPPOConfig]):
    """Remembers the decisions of an episode in its LSTM; ignores the mask."""

    algorithm = sb3_contrib.RecurrentPPO
    policy = "MultiInputLstmPolicy"
    config_class = RecurrentPPOConfig
    presets: ClassVar = {
        # Tuned on NAS-Bench-Digits (nas-benchmark tune), rounded.
        "default": RecurrentPPOConfig(
            learning_rate=7.6e-3,
            episodes_per_rollout=8,
            n_epochs=12,
            clip_range=0.13,
            ent_coef=7.9e-3,
            lstm_units=128,
        ),
        "authors": RecurrentPPOConfig(
            batch_size=1,
            learning_rate=3e-4,
            n_steps=128,
            minibatch_size=128,
            gamma=0.99,
            lstm_units=256,
        ),
    }

    def settings(self) -> dict[str, Any]:
        """Add the settings of the LSTMs."""
        settings = super().settings()
        settings["policy_kwargs"] |= {
            "lstm_hidden_size": self.config.lstm_units,
            "n_lstm_layers": self.config.lstm_layers,
        }
        return settings

    def resize(self, steps: int) -> None:
        """Set the size of the rollout and of its LSTM states: (steps, layers, episodes, units)."""
        super().resize(steps)
        buffer = self.model.rollout_buffer
        buffer.hidden_state_shape = (steps, *buffer.hidden_state_shape[1:])

    def state(self) -> State:
        """Add the LSTMs' states within an episode."""
        state = super().state()
        for part, pair in zip(RNNStates._fields, self.model._last_lstm_states, strict=True):
            for name, tensor in zip("hc", pair, strict=True):
                state.tensors[f"lstm.{part}.{name}"] = tensor.clone()
        return state

    def load_state(self, state: State) -> None:
        """Restore what :meth:`state` returned."""
        super().load_state(state)
        pairs = [
            tuple(state.tensors[f"lstm.{part}.{name}"].clone() for name in "hc")
            for part in RNNStates._fields
        ]
        self.model._last_lstm_states = RNNStates(*pairs)
