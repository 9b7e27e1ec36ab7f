"""Networks beside the chosen one: those of the literature, of torch, of files, and random ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from nas_env.command_line._subjects.named import named_architecture
from nas_env.errors import InvalidArchitecture, InvalidValue
from nas_env.final.top import Found
from nas_env.tasks import TrainingTask
from search_spaces import SearchSpace, make_space

RANDOM, NATIVE, SCRATCH = "random:", "native:", "scratch"
MOST = 1_000  # random architectures
SEED = 0  # of the random architectures


def networks_beside(
    texts: Sequence[str], space: SearchSpace, task: TrainingTask, chosen: Sequence[Found]
) -> list[Found]:
    """Return the networks that a command line wants trained beside the chosen one.

    Args:
        texts: ``published:NAME``, ``native:NAME``, ``random:N``, ``scratch``, files of JSON, or
            folders.
        space: Search space of the final training.
        task: Task of the final training.
        chosen: Networks that are compared there.

    Raises:
        InvalidValue: If there is none of that name.
        InvalidArchitecture: If the space cannot hold it.
    """
    found = [
        each
        for text in texts
        for each in (_scratch(chosen) if text == SCRATCH else _named(text, space, task))
    ]
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise InvalidValue(f"--beside has {name} twice, expected different networks")
    return found


def _scratch(chosen: Sequence[Found]) -> Iterator[Found]:
    """Yield the network that is fine-tuned, without its weights."""
    for each in chosen:
        if each.start is None:
            raise InvalidValue(f"--beside {SCRATCH} needs --fine-tune: else the network itself is")
        yield each._replace(name="from scratch", start=None)


def _named(text: str, space: SearchSpace, task: TrainingTask) -> Iterator[Found]:
    if text.startswith(RANDOM):
        yield from _random(text, space)
    elif text.startswith(NATIVE):
        yield _native(text, space, task)
    else:
        named = named_architecture(text)
        try:
            built_by = named.built_by(space)
            built_by.parse(named.architecture)
        except (InvalidValue, InvalidArchitecture) as error:
            raise InvalidValue(f"--beside {text}: {error}") from None
        yield Found(named.name, named.architecture, space=_construction(built_by, space))


def _random(text: str, space: SearchSpace) -> Iterator[Found]:
    """Yield different random architectures; fewer are the first of more."""
    number = text.removeprefix(RANDOM)
    if not number.isdecimal() or not 1 <= int(number) <= MOST:
        raise InvalidValue(f"--beside {text}: expected random:N, N from 1 to {MOST:,}")
    rng, seen = np.random.default_rng(SEED), set()
    for _ in range(100 * int(number)):
        architecture = space.decode(space.sample(rng))
        if architecture.canonical() in seen:
            continue
        seen.add(architecture.canonical())
        yield Found(f"random {len(seen)}", architecture.to_dict())
        if len(seen) == int(number):
            return
    raise InvalidValue(f"--beside {text}: space {space.name} has only {len(seen)} networks")


def _native(text: str, space: SearchSpace, task: TrainingTask) -> Found:
    """Return a network of torch that has as many parameters as those of the space."""
    reference = space.reference(text, task.outputs)
    if reference is None:
        raise InvalidValue(f"--beside {text}: space {space.name} has no such network to compare")
    built_by = make_space(reference.space)
    built_by.cost(reference.architecture, task.input_shape, task.outputs)  # there is such a one
    return Found(text, reference.architecture.to_dict(), space=_construction(built_by, space))


def _construction(built_by: SearchSpace, space: SearchSpace) -> Mapping[str, Any] | None:
    """Return how a network is built; None if as the others of the space are."""
    own = built_by.construction
    return None if own == space.construction else own
