"""The common part of environment and vector environment: spaces, reset options, endings."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec

from nas_env.env._endings import FunctionEndings, TrainedEndings, make_endings
from nas_env.errors import InvalidValue, UnknownName
from nas_env.parts import Named
from nas_env.problem import Problem
from nas_env.run.store import shown
from search_spaces import SearchSpace

logger = logging.getLogger(__name__)

RENDER_MODES = ("ansi", "rgb_array")
OBSERVATIONS = ("dict", "flat")
Observation = Any  # a dictionary, or with observation="flat" an array
#: The result of a step of many episodes: observations, rewards, terminated, truncated, info.
Step = tuple[Observation, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]


class Interface:
    """The Gymnasium side of a problem, the same for one episode and for many."""

    def __init__(
        self,
        problem: Problem,
        *,
        observation: str,
        one_step: bool,
        render_mode: str | None,
        layers: int | None = None,
    ):
        if observation not in OBSERVATIONS:
            raise UnknownName("observation", str(observation), OBSERVATIONS)
        if render_mode is not None and render_mode not in RENDER_MODES:
            raise UnknownName("render mode", str(render_mode), RENDER_MODES)
        self.problem = problem
        self.space = problem.space
        self.flat = observation == "flat"
        self.one_step = one_step
        self.layers = layers
        self.decisions = len(self.space.decisions)
        self.masks = np.asarray(self.space.option_mask, dtype=np.int8)
        self.finished_mask = np.ones(self.masks.shape[1], dtype=np.int8)
        self.options = self.masks.shape[1]
        # A flat row begins with the one-hot of the decision that is next.
        self.first = self.decisions + 1 if self.flat else 0
        self.width = self.first + self.masks.size
        self.counts = self.masks.sum(axis=1).tolist()
        self._verified = False

    @property
    def observation_space(self) -> spaces.Space:
        """``decision``: which is next, the last value meaning none; ``tokens``: the choices."""
        # In one row: Stable-Baselines3's checker warns of a matrix, RLlib has no encoder for one.
        row = spaces.Box(0, 1, (self.width,), dtype=np.float32)
        if self.flat:
            return row
        return spaces.Dict(decision=spaces.Discrete(self.decisions + 1), tokens=row)

    @property
    def action_space(self) -> spaces.Space:
        """A token, or in the one-step form all tokens."""
        if self.one_step:
            return spaces.MultiDiscrete([len(d.options) for d in self.space.decisions])
        return spaces.Discrete(self.space.max_options)

    @property
    def length(self) -> int:
        """The number of decisions of an episode at the present depth."""
        return self.space.length(self.layers)

    @property
    def longest(self) -> int:
        """The steps of the longest episode."""
        return 1 if self.one_step else self.decisions

    def limited(self, spec: EnvSpec | None) -> EnvSpec | None:
        """Return a spec whose limit is one step more than the longest episode.

        A spec may be written; so the address of a store has no password there.
        """
        if spec is None:
            return None
        kwargs = dict(spec.kwargs)
        if isinstance(store := kwargs.get("store"), str):
            kwargs["store"] = shown(store)
        return replace(spec, max_episode_steps=self.longest + 1, kwargs=kwargs)

    def check_limit(self, steps: int | None) -> None:
        """Check that a limit cuts no episode."""
        if steps is not None and steps < self.longest:
            raise InvalidValue(
                f"max_episode_steps is {steps}, expected at least {self.longest}: "
                "an episode cannot be cut"
            )

    def take_options(self, options: Mapping[str, Any] | None) -> None:
        """Apply the reset options; ``layers`` holds until it is given again."""
        for name in options or {}:
            if name != "layers":
                raise UnknownName("reset option", name, ["layers"])
        if options and "layers" in options:
            length, answers = self.space.length(options["layers"]), self.problem.answers
            if answers is not None and length != answers.decisions:
                raise InvalidValue(
                    f"layers is {options['layers']}, {answers.function.name} has only "
                    f"architectures of {answers.decisions} decisions"
                )
            self.layers = options["layers"]

    def before_first_child(self) -> None:
        """Check the data once, before anything is trained, and log the task's notes on it."""
        if not self._verified:
            self.problem.verify_data()
            for note in self.problem.task.notes:
                logger.info("%s", note)
            self._verified = True

    @cached_property
    def endings(self) -> TrainedEndings | FunctionEndings:
        """The endings of the problem's episodes."""
        return make_endings(self.problem)

    def flat_mask(self) -> np.ndarray:
        """Return the options of all decisions in a row, as MaskablePPO reads MultiDiscrete."""
        return np.ones(int(self.masks.sum()), dtype=np.int8)


def legal_token(mask: np.ndarray, action: int) -> int:
    """Return the token that an action stands for: itself, or the next open option, wrapping round.

    Example:
        >>> legal_token(np.array([1, 1, 0, 0]), 3)
        0
    """
    if mask[action]:
        return action
    return int((action + np.argmax(np.roll(mask, -action))) % len(mask))


def legal_tokens(masks: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Do :func:`legal_token` for a batch: (m, options), int (m,) -> int64 (m,)."""
    options = masks.shape[1]
    order = (actions[:, None] + np.arange(options)) % options
    first = np.argmax(np.take_along_axis(masks, order, axis=1), axis=1)
    return np.take_along_axis(order, first[:, None], axis=1)[:, 0]


def repaired(space: SearchSpace, actions: np.ndarray) -> np.ndarray:
    """Return the tokens of whole sequences of actions: int (m, t) -> int64 (m, t)."""
    tokens = np.zeros(actions.shape, dtype=np.int64)
    for index in range(actions.shape[1]):
        tokens[:, index] = legal_tokens(space.open_mask(tokens[:, :index]), actions[:, index])
    return tokens


def check_actions(
    space: spaces.Box | spaces.MultiDiscrete, shape: tuple[int, ...], actions: Any
) -> np.ndarray:
    """Return a batch of actions as an int64 array, or raise an error that says what was expected.

    Args:
        space: Action space of the batch, from 0 on.
        shape: Shape of the batch.
        actions: The actions that were given.
    """
    given = np.asarray(actions)
    if given.dtype.kind in "iu" and given.shape == shape:
        array = given.astype(np.int64)
        past = space.high + 1 if isinstance(space, spaces.Box) else space.nvec
        # Read as unsigned, a negative action is beyond every option.
        if (array.view(np.uint64) < past).all():
            return array
    raise InvalidValue(f"actions are {given.tolist()}, expected a member of {space}")


__all__ = [
    "RENDER_MODES",
    "Interface",
    "Named",
    "Observation",
    "Step",
    "check_actions",
    "legal_token",
    "legal_tokens",
    "repaired",
]
