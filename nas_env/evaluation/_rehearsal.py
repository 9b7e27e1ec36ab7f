"""Times the first steps of a child: what its whole evaluation will take on this machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import torch

from nas_env.errors import NASError
from nas_env.evaluation._child import train_on
from nas_env.evaluation._job import Job
from nas_env.evaluation._memory import ran_out_of_memory
from nas_env.records import Request
from nas_env.tasks import sealed_test_set
from nas_env.training.data import TrainingData
from nas_env.training.outcome import unheard
from nas_env.training.recipe import ChildRecipe

ENOUGH = 0.5  # seconds of training that tell how fast it goes; and half as many of validation
SLOW = 3.0  # seconds of a first step that is long enough by itself


class Rehearsal(NamedTuple):
    """The seconds that the evaluation of a child will take, part by part.

    Attributes:
        build: Seconds to build the child, its data being there.
        train: Seconds to train it.
        validate: Seconds to validate it, after all its epochs.
        examples: How many training examples the task has.
    """

    build: float
    train: float
    validate: float
    examples: int


class DoesNotFit(Exception):
    """The memory was too small for what was rehearsed."""


class _Pace(NamedTuple):
    build: float  # seconds
    step: float  # seconds a step of training
    example: float  # seconds an example of validation


@sealed_test_set()
def rehearse(job: Job, device: torch.device, pieces: int = 1) -> Rehearsal | None:
    """Train a child for about a second, and tell how long its whole evaluation would take.

    One step comes first, in which everything is done for the first time; then as many are timed
    as make half a second, if an epoch has so many, and at least one.

    Args:
        job: The child.
        device: Where it would be trained.
        pieces: Parts in which each batch would be trained.

    Returns:
        None where nothing can be told: the child fails or diverges at once; and for a final
        training, whose test split would be read.

    Raises:
        DoesNotFit: If the memory is too small.
        NASError: If the data is missing or corrupt.
    """
    if job.request.split == "final":
        return None
    recipe, data = job.recipe, job.data(device)
    examples, validation = data.sizes[0], recipe.validated(data.sizes[1])
    steps = recipe.steps_an_epoch(examples)
    try:
        pace = _pace(job, recipe, data, device, pieces, 1, recipe.examples_of(1))
        if pace is not None and pace.step < SLOW:
            timed = max(1, min(steps, int(ENOUGH / pace.step)))
            validated = max(recipe.examples_of(1), int(ENOUGH / 2 / pace.example))
            pace = _pace(job, recipe, data, device, pieces, timed, validated)
    except NASError:
        raise
    except Exception as error:  # its evaluation will say what is wrong
        if ran_out_of_memory(error):
            raise DoesNotFit from None
        return None
    if pace is None:
        return None
    epochs = recipe.epochs
    return Rehearsal(
        pace.build, epochs * steps * pace.step, epochs * validation * pace.example, examples
    )


def rehearsed(request: Request, once: Callable[[int], Rehearsal | None]) -> Rehearsal | None:
    """Rehearse a child in as few parts of a batch as fit the memory, as it will be trained.

    Args:
        request: The child.
        once: Rehearses it in so many parts of each batch.

    Returns:
        None where nothing can be told, or no parts fit.
    """
    pieces, most = 1, Job(request).recipe.most_pieces
    while pieces <= most:
        try:
            return once(pieces)
        except DoesNotFit:
            pieces *= 2
    return None


def _pace(
    job: Job,
    recipe: ChildRecipe,
    data: TrainingData,
    device: torch.device,
    pieces: int,
    steps: int,
    validated: int,
) -> _Pace | None:
    """Train by so many steps and validate by so many examples; None where that diverges."""
    examples, validation = data.sizes[0], recipe.validated(data.sizes[1])
    part = data.part(min(examples, recipe.examples_of(steps)), min(validation, validated))
    once: Any = replace(recipe, epochs=1)  # type: ignore[type-var]
    _, result = train_on(job, once, part, device, unheard, pieces)
    if result.diverged:
        return None
    seconds = result.seconds
    return _Pace(seconds["build"], seconds["train"] / steps, seconds["validate"] / part.sizes[1])
