"""The networks of a record: the best of a search, and random ones within the same limits."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nas_env.errors import NASError
from nas_env.evaluation._child import excess
from nas_env.evaluation._job import Job
from nas_env.files import read_json
from nas_env.final.top import best_first
from nas_env.problem import Problem
from nas_env.run.store import open_store

DRAWN = 10_000  # random networks, of which some are within the limits
STORE = "results.sqlite"


def folder_of(place: Path, name: str) -> Path:
    """Return the folder of a search or a final training of a record."""
    return place / name.replace(" ", "-")


def config_of(run: Path) -> dict[str, Any]:
    """Return the configuration of a search."""
    return read_json(run / "config.json")


def best(
    run: Path, count: int, compared: Callable[[Mapping[str, Any]], float]
) -> Mapping[str, Any]:
    """Return the best architecture of a search, by its reward.

    So a search whose objective counts a cost chooses by it as well.

    Args:
        run: Folder of the search.
        count: How many are compared once more; 1 takes the best of the search.
        compared: Function that returns what they are compared by.
    """
    with contextlib.closing(open_store(run / STORE, config_of(run)["id"])) as store:
        children = best_first([*store.episodes()], lambda record: record["reward"])
    if not children:
        raise NASError(f"{run} has no network that could be trained")
    found = [child["architecture"] for _, child in children[:count]]
    return found[0] if len(found) == 1 else max(found, key=compared)


def random_networks(run: Path, count: int, seed: int) -> list[Mapping[str, Any]]:
    """Return different random architectures within the limits of a search's task.

    Args:
        run: Folder of the search, whose task and space they are of.
        count: How many.
        seed: Seed by which they are drawn.
    """
    make = {**config_of(run)["make"], "evaluator": None}
    found: dict[str, Mapping[str, Any]] = {}
    with contextlib.closing(Problem(**make)) as problem:
        for tokens in problem.space.sample_batch(np.random.default_rng(seed), DRAWN).tolist():
            if len(found) == count:
                break
            architecture = problem.space.decode(tokens)
            job = Job(problem.request(architecture))
            if not excess(job.request, job.cost):
                found.setdefault(job.request.key, architecture.to_dict())
    if len(found) < count:
        raise NASError(f"only {len(found)} of {DRAWN:,} random networks are within the limits")
    return [*found.values()]
