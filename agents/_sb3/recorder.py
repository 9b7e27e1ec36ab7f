"""Reads finished episodes from the steps of an algorithm of Stable-Baselines3."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.utils import safe_mean

from agents._proposals import Episode


class Recorder(BaseCallback):
    """Keeps the episodes that an algorithm finishes, with the tokens that were really taken.

    Args:
        decisions: Number of decisions of the search space.
    """

    def __init__(self, decisions: int):
        super().__init__()
        self.decisions = decisions
        self.episodes: list[Episode] = []

    def take(self) -> list[Episode]:
        """Return the episodes since the last call."""
        episodes, self.episodes = self.episodes, []
        return episodes

    def log(self) -> dict[str, float]:
        """Return the figures that the algorithm recorded, and SB3's two on recent episodes."""
        log: dict[str, Any] = dict(self.logger.name_to_value)
        self.logger.dump()
        if recent := self.model.ep_info_buffer:
            log["rollout/ep_rew_mean"] = safe_mean([episode["r"] for episode in recent])
            log["rollout/ep_len_mean"] = safe_mean([episode["l"] for episode in recent])
        return {name: float(value) for name, value in log.items() if math.isfinite(value)}

    def _on_step(self) -> bool:
        for info in self.locals["infos"]:
            if "episode" in info:
                self.episodes.append(self._episode(info))
        return True

    def _episode(self, info: Mapping[str, Any]) -> Episode:
        taken = chosen(info["terminal_observation"]["tokens"], self.decisions)
        tokens = tuple(taken[: info["episode"]["l"]].tolist())
        return Episode(tokens, info["return"], info["architecture"], info["evaluation"])


def chosen(one_hots: np.ndarray, decisions: int) -> np.ndarray:
    """Return the tokens of an observation: (..., decisions * options) -> int64 (..., decisions).

    Decisions that have not been taken give 0.

    Example:
        >>> chosen(np.array([0, 1, 0, 0, 0, 1]), 2)
        array([1, 2])
    """
    return one_hots.reshape(*one_hots.shape[:-1], decisions, -1).argmax(axis=-1)
