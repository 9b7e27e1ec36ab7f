"""The environment: an episode designs one architecture, a step takes one decision."""

from __future__ import annotations

from operator import index
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec

from nas_env.env._interface import (
    RENDER_MODES,
    Interface,
    Named,
    Observation,
    legal_token,
    repaired,
)
from nas_env.errors import InvalidValue
from nas_env.metrics import caption
from nas_env.problem import Problem
from nas_env.run.store import Store
from search_spaces import SearchSpace


class NASEnv(gymnasium.Env[Observation, Any]):
    """Neural architecture search (Zoph & Le 2017, 1611.01578) as an episode of decisions.

    ## Description
    Each step takes one decision of a search space: a filter height, a number of filters, whether
    layer 5 reads layer 2. After the last one, the network that they describe is built, trained on
    the task's training data and validated; the result is the reward of the whole episode.

    ## Action Space
    ``Discrete(n)``, the index of an option; n is the largest number of options of a decision.
    Every action is legal: one beyond the decision's options, or closed by an earlier choice, stands
    for the next open option, wrapping round. This favours some options for a learner that ignores
    the mask. The observation has the tokens that were really taken. With ``one_step=True`` the
    space is ``MultiDiscrete``, all decisions at once (a bandit).

    ## Observation Space
    ``Dict``:

    | key | space | what |
    |---|---|---|
    | ``decision`` | ``Discrete(decisions + 1)`` | which is next; the last value means "finished" |
    | ``tokens`` | ``Box(0, 1, (decisions * n,), float32)`` | the one-hot of each choice so far, \
      n numbers a decision, zeros where none was taken |

    With ``observation="flat"`` it is one float32 ``Box``, the one-hot of ``decision`` followed by
    ``tokens``: the values that Gymnasium's ``FlattenObservation`` would give.

    ## Rewards
    0 until the last decision, then what the objective makes of the evaluation. The task's own:
    for image tasks the best validation accuracy of the last 5 epochs, cubed; for language tasks c
    over the square of the least validation perplexity of the last 5; for tables the metric. A child
    that cannot be built or trained gives the objective's failure reward, 0, and never an exception.

    ## Starting State
    No decision is taken yet. ``reset(options={"layers": n})`` makes this and all later episodes n
    layers deep, until it is given again; neither of the spaces changes. ``reset(seed=)`` seeds only
    ``np_random``: a child's seed comes from ``evaluation_seed`` and its architecture.

    ## Episode End
    An episode terminates with the last decision. It is never truncated:
    ``spec.max_episode_steps`` is one more than the number of decisions.

    ## Information
    ``action_mask`` (int8, (n,)) comes with each reset and step, and is all ones when finished. The
    end of an episode adds ``architecture`` and ``evaluation``, plain dictionaries. Seconds, which
    differ from run to run, are only in the store.

    ## Arguments
    | argument | default | what |
    |---|---|---|
    | ``task`` | the id's | name, or a mapping of ``name`` and settings; settings alone change the \
      id's own |
    | ``default_task``, ``default_recipe`` | the id's | the id's own task and recipe; set where \
      the id is registered |
    | ``space`` | the id's | name of the search space, or a mapping of ``name`` and settings |
    | ``objective`` | the task's | makes the reward: name, or a mapping of ``name`` and settings |
    | ``recipe`` | the id's, or the task's for the device | name, or settings (``preset`` and \
      changes to it; settings alone change the id's own); \
      ``fidelity`` and ``noise`` for a table |
    | ``device`` | ``"auto"`` | CUDA where there is one, else the CPU |
    | ``evaluator`` | the task's | evaluator that trains the children, or looks them up; \
      ``{"name": "workers", "workers": 4}`` trains 4 at once |
    | ``evaluation_seed`` | 0 | seed of the children, together with their architecture |
    | ``store`` | None | file of evaluations (None: in memory) |
    | ``observation`` | ``"dict"`` | ``"flat"`` for one float32 ``Box`` |
    | ``one_step`` | False | all decisions in one ``MultiDiscrete`` action |
    | ``render_mode`` | None | ``"ansi"`` or ``"rgb_array"``: the architecture so far, drawn |
    | any other | the id's | a setting of the space: ``layers``, ``filters``, ``strides``, … |

    Example:
        >>> import gymnasium, nas_env
        >>> env = gymnasium.make("NAS-Digits-v0", recipe={"epochs": 1})
        >>> observation, info = env.reset()
        >>> int(observation["decision"]), info["action_mask"].tolist()
        (0, [1, 1, 1, 1])
        >>> env.close()

    ## Version History
    v0: the first.
    """

    _spec: EnvSpec | None = None
    metadata: dict[str, Any] = {  # noqa: RUF012 - Gymnasium declares it so
        "render_modes": list(RENDER_MODES),
        "render_fps": 4,
    }

    def __init__(
        self,
        *,
        task: Named,
        default_task: Named | None = None,
        default_recipe: Named | None = None,
        space: Named | None = None,
        objective: Named | None = None,
        recipe: Named | None = None,
        device: str = "auto",
        evaluator: Named | None = None,
        evaluation_seed: int = 0,
        store: str | Path | Store | None = None,
        observation: str = "dict",
        one_step: bool = False,
        render_mode: str | None = None,
        **space_settings: Any,
    ):
        self.problem = Problem(
            task,
            space,
            objective=objective,
            recipe=recipe,
            device=device,
            evaluator=evaluator,
            evaluation_seed=evaluation_seed,
            store=store,
            default_task=default_task,
            default_recipe=default_recipe,
            caller=type(self),
            **space_settings,
        )
        self._interface = Interface(
            self.problem, observation=observation, one_step=one_step, render_mode=render_mode
        )
        self.render_mode = render_mode
        self.observation_space = self._interface.observation_space
        self.action_space = self._interface.action_space
        self._static = self.search_space.masks_are_static
        self._numbers = [np.int64(number) for number in range(self._interface.decisions + 1)]
        self._started = False
        self._clear()

    @property
    def spec(self) -> EnvSpec | None:
        """The spec of the environment, whose ``max_episode_steps`` fits these settings.

        A number in Gymnasium's registry would add a wrapper to each step, and would be wrong as
        soon as a keyword changes the depth.
        """
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:  # type: ignore[override]
        self._spec = self._interface.limited(spec)

    @property
    def search_space(self) -> SearchSpace:
        """The search space of the problem."""
        return self.problem.space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode; ``options={"layers": n}`` sets the depth from now on."""
        super().reset(seed=seed)
        self._interface.take_options(options)
        self._interface.before_first_child()
        self._clear()
        self._started = True
        return self._observation(), {"action_mask": self._mask()}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Take the next decision; after the last one, train the child."""
        if not self._started or self._finished:
            raise gymnasium.error.ResetNeeded("the episode is over: call reset() before step()")
        if self._interface.one_step:
            self._take_all(action)
        else:
            self._take(action)
        if len(self._tokens) < self._length:
            return self._observation(), 0.0, False, False, {"action_mask": self._mask()}
        return self._finish()

    def action_masks(self) -> np.ndarray:
        """Return the open options as bool, the form of sb3-contrib's MaskablePPO."""
        return self._mask().astype(bool)

    def render(self) -> Any:
        """Draw the architecture so far: a text, or an image (height, width, 3) of a fixed size."""
        if self.render_mode is None:
            gymnasium.logger.warn("render() draws nothing without a render_mode")
            return None
        from nas_env.env._frames import frame

        metric = self.problem.task.metric
        result = None if self._ending is None else caption(metric, *self._ending)
        return frame(
            self.search_space,
            tuple(self._tokens),
            self._length,
            result,
            as_text=self.render_mode == "ansi",
        )

    def close(self) -> None:
        """Stop the evaluator and close the store."""
        self.problem.close()

    # -- the episode -----------------------------------------------------------------------------
    @property
    def _finished(self) -> bool:
        return len(self._tokens) == self._length

    def _clear(self) -> None:
        self._tokens: list[int] = []
        self._chosen = np.zeros(self._interface.width, dtype=np.float32)
        self._length = self._interface.length
        self._ending: tuple[float, dict[str, Any]] | None = None

    def _take(self, action: Any) -> None:
        interface, position = self._interface, len(self._tokens)
        try:
            token = index(action)
        except TypeError:
            token = -1
        if not 0 <= token < interface.options:
            raise InvalidValue(f"action is {action!r}, expected a member of {self.action_space}")
        if not self._static:
            token = legal_token(self._mask(), token)
        elif token >= interface.counts[position]:
            token = 0  # the next open one, wrapping round
        self._chosen[interface.first + position * interface.options + token] = 1
        self._tokens.append(token)

    def _take_all(self, action: Any) -> None:
        if not self.action_space.contains(np.asarray(action)):
            raise InvalidValue(f"action is {action!r}, expected a member of {self.action_space}")
        actions = np.asarray(action, dtype=np.int64)[None, : self._length]
        self._tokens = repaired(self.search_space, actions)[0].tolist()
        starts = np.arange(self._length) * self._interface.options
        self._chosen[self._interface.first + starts + self._tokens] = 1

    def _finish(self) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        reward, info = self._interface.endings.one(self._tokens)
        self._ending = reward, info["evaluation"]
        return self._observation(), reward, True, False, {"action_mask": self._mask(), **info}

    def _observation(self) -> Observation:
        interface, taken = self._interface, len(self._tokens)
        number = taken if taken < self._length else interface.decisions
        row = self._chosen.copy()
        if interface.flat:
            row[number] = 1
            return row
        return {"decision": self._numbers[number], "tokens": row}

    def _mask(self) -> np.ndarray:
        interface, taken = self._interface, len(self._tokens)
        if interface.one_step:
            return interface.flat_mask()
        if taken == self._length:
            return interface.finished_mask.copy()
        if self._static:
            return interface.masks[taken].copy()
        prefix = np.asarray(self._tokens, dtype=np.int64)[None]
        return self.search_space.open_mask(prefix)[0].astype(np.int8)
